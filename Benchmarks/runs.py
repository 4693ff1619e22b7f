"""What runs are of, how commands are run and data cut, and the file that keeps results."""
import json
import pathlib
import subprocess

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


def run(command, codes=(0,), env=None):
    """What a command prints; any other exit code than these ends everything."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=env)
    if result.returncode not in codes:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout


def cut(folder, copy, examples, judge=0):
    """Writes a copy of a task's folder whose first training examples train, and the `judge` after them, or else the published ones, are the dev file."""
    train, = folder.glob("train.*")
    lines = train.read_bytes().splitlines(keepends=True)
    header = 1 if train.suffix == ".tsv" else 0
    end = header + examples
    dev = b"".join(lines[:header] + lines[end:end + judge]) if judge else (folder / f"dev{train.suffix}").read_bytes()
    copy.mkdir()
    (copy / train.name).write_bytes(b"".join(lines[:end]))
    (copy / f"dev{train.suffix}").write_bytes(dev)


class Results:
    """One JSON object a line; what is shown of a new one, where it has it, is in SHOWN."""
    SHOWN = ("task", "side", "train", "format", "method", "share", "percent", "rate", "seed", "trains", "scores", "value", "loss", "seconds")

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
        print(json.dumps({name: row[name] for name in Results.SHOWN if name in row}), flush=True)
