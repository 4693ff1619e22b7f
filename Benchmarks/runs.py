"""What the runs of accuracy.py are of, and the file that keeps them."""
import json
import pathlib

# Percent of the peak of full fine-tuning.
SHARES = [75, 50, 35, 25, 15]

# Folder, longest sequence, epochs, largest learning rate, first examples of the training file (None: all), headline metric of both sides.
TASKS = {
    "trec": dict(folder="trec", seq=32, epochs=3, rate=2e-4, metric=("accuracy", "accuracy")),
    "cola": dict(folder="glue/CoLA", seq=32, epochs=3, rate=1e-4, metric=("matthews", "mcc")),
    "sst2": dict(folder="glue/SST-2", seq=64, epochs=1, rate=1e-4, examples=10_000, metric=("accuracy", "accuracy")),
    "mrpc": dict(folder="glue/MRPC", seq=128, epochs=3, rate=1e-4, metric=("accuracy", "accuracy")),
    "stsb": dict(folder="glue/STS-B", seq=128, epochs=2, rate=1e-4, metric=("pearson", "pearson")),
    "squad": dict(folder="squad", seq=192, epochs=1, rate=1e-4, metric=("answer-f1", "answer-f1")),
}
TITLES = dict(trec="TREC", cola="CoLA", sst2="SST-2", mrpc="MRPC", stsb="STS-B", squad="SQuAD part")
METRICS = {"matthews": "Matthews", "answer-f1": "F1"}


class Results:
    """One JSON object a line; what tells runs apart is in KEY."""
    KEY = ("task", "side", "method", "share", "rate", "seed")

    def __init__(self, path):
        self.path = pathlib.Path(path)
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.rows = [json.loads(line) for line in lines]

    def find(self, **wanted):
        return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]

    def add(self, row):
        self.rows.append(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps({key: row.get(key) for key in (*Results.KEY, "trains", "scores", "seconds")}), flush=True)
