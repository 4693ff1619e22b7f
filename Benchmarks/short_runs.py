"""Short runs that are judged on many examples, to compare plans by pairs of the same seed: an epoch or two on part of the training data, one thread.

TREC's last 2,000 training questions judge, and do not train: its own 500 are too few. Each run is a line of a file, and what is there is not done again.
"""
import json
import math
import os
import pathlib
import resource
import statistics
import time

from runs import TASKS, Results, cut, run

ROOT = pathlib.Path(__file__).resolve().parent.parent
# How many examples train, the first, and how many after them judge; 0: the published dev file does.
PARTS = {"trec": (3452, 2000), "sst2": (4000, 0)}
SHAPE = ["--batch", 32, "--seq", 32, "--threads", 1]
RATE = 5e-4
# What is compared: its name, title, digits and scale.
FIGURES = [("value", "accuracy, %", 1, 100), ("loss", "loss", 3, 1)]


class Runs:
    """Runs of one model, kept in `options.results`."""

    def __init__(self, options, work):
        self.options, self.work, self.results = options, pathlib.Path(work), Results(options.results)
        os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

    def permafrost(self, verb, *arguments):
        return run([self.options.permafrost, verb, *arguments, "-q"])

    def data(self, task):
        """The flags of the examples that train, and those that judge."""
        copy = self.work / task
        if not copy.exists():
            cut(pathlib.Path(self.options.data) / TASKS[task]["folder"], copy, *PARTS[task])
        return ["--data", copy, "--task", task]

    def train(self, path, key):
        """Trains the plan at `path` and adds its line, which `key` tells from others."""
        plan, predictions = json.loads(path.read_text()), self.work / "predictions.tsv"
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
        report = json.loads(self.permafrost(
            "train", path, "--model", self.options.model, *self.data(key["task"]), "--steps", key["steps"], "--learning-rate", RATE,
            "--seed", key["seed"], "-o", self.work / "out", "--overwrite", "--json", "--predictions", predictions))["training"]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = dict(**key, value=report["scores"][0]["value"], metric=report["scores"][0]["metric"], loss=round(cross_entropy(predictions), 5),
                   peak=plan["predicted_peak_bytes"], objective=plan["objective"], parameters=plan["trainable_parameters"], nodes=plan["retained_nodes"],
                   cpu=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1), seconds=round(time.time() - start, 1))
        self.results.add(row)

    def pending(self, key):
        return not self.results.find(**key)


def cross_entropy(predictions):
    """The mean over the examples that judge, whose label and logits are a line each."""
    losses = []
    with open(predictions) as file:
        for line in file:
            label, *logits = map(float, line.split("\t"))
            highest = max(logits)
            losses.append(highest + math.log(sum(math.exp(value - highest) for value in logits)) - logits[int(label)])
    return statistics.mean(losses)


def report(path, cell, title, method, order, baseline):
    """A table for each figure: for every `method` its mean in each cell, and by how much it is above the baseline of the same seed, there and in all cells; ± standard errors (runs)."""
    results = Results(path).rows
    found = {(tuple(row[name] for name in cell), row[method], row["seed"]): row for row in results}
    cells = sorted({key[0] for key in found})
    names = sorted({key[1] for key in found}, key=lambda name: (order.index(name) if name in order else len(order), name))
    for figure, heading, digits, scale in FIGURES:
        values = {key: scale * row[figure] for key, row in found.items()}
        print(f"\n| {heading} | " + " | ".join(f"{title.format(*here)} | above {baseline}" for here in cells) + f" | above {baseline}, all |")
        print("|---" * (2 * len(cells) + 2) + "|")
        for name in names:
            row, everywhere = [], []
            for here in cells:
                own = {seed: value for (at, by, seed), value in values.items() if (at, by) == (here, name)}
                differences = [value - values[here, baseline, seed] for seed, value in own.items() if (here, baseline, seed) in values]
                row += [mean(own.values(), digits), mean(differences, digits, "+") if name != baseline else ""]
                everywhere += differences
            print(f"| {name} | " + " | ".join([*row, mean(everywhere, digits, "+") if name != baseline else ""]) + " |")
    print(f"\nProcessor minutes: {sum(row['cpu'] for row in results) / 60:.0f}")


def mean(values, digits, sign=""):
    values = list(values)
    if not values:
        return "–"
    error = f" ± {statistics.stdev(values) / math.sqrt(len(values)):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):{sign}.{digits}f}{error} ({len(values)})"


def add_arguments(parser, results):
    """What every script of short runs takes."""
    parser.add_argument("model", nargs="?")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "Benchmarks/results" / results)
    parser.add_argument("--steps", type=int, default=216)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--permafrost", default=ROOT / ".build/release/permafrost")
    parser.add_argument("--report", action="store_true", help="only the tables of what was run")


def parsed(parser):
    """The options; without `--report`, a model and data are among them."""
    options = parser.parse_args()
    if not options.report and not (options.model and options.data):
        parser.error("give MODEL and DATA, or --report")
    return options
