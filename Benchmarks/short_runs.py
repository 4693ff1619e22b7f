"""Short runs that are judged on many examples, to compare plans by pairs of the same seed: an epoch or two on part of the training data, one thread.

TREC's last 2,000 training questions judge, and do not train: its own 500 are too few. Each run is a line of a file, and what is there is not done again.
"""
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Folder, end of the files' names, lines of a header, the first examples, which train, how many after them judge (0: the published dev file does), flags.
TASKS = {
    "trec": dict(folder="trec", suffix="txt", header=0, train=3452, judge=2000, flags=["--labels", 6]),
    "sst2": dict(folder="glue/SST-2", suffix="tsv", header=1, train=4000, judge=0, flags=[]),
}
SHAPE = ["--batch", 32, "--seq", 32, "--threads", 1]
RATE = 5e-4
# What is compared: its name, title, digits and scale.
FIGURES = [("value", "accuracy, %", 1, 100), ("loss", "loss", 3, 1)]


class Runs:
    """Runs of one model, kept in `options.results`."""

    def __init__(self, options, work):
        self.options, self.work = options, pathlib.Path(work)
        os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

    def permafrost(self, verb, *arguments):
        command = list(map(str, [self.options.permafrost, verb, *arguments, "-q"]))
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit {result.returncode}\n{result.stderr[-2000:]}")
        return result.stdout

    def head(self, task):
        return ["--task", task, *TASKS[task]["flags"]]

    def data(self, task):
        """The examples that train, and those that judge."""
        settings, copy = TASKS[task], self.work / task
        if not copy.exists():
            published = pathlib.Path(self.options.data) / settings["folder"]
            lines = (published / f"train.{settings['suffix']}").read_bytes().splitlines(keepends=True)
            header, examples = lines[:settings["header"]], lines[settings["header"]:]
            judge = examples[settings["train"]:][:settings["judge"]]
            dev = b"".join(header + judge) if judge else (published / f"dev.{settings['suffix']}").read_bytes()
            copy.mkdir()
            (copy / f"train.{settings['suffix']}").write_bytes(b"".join(header + examples[:settings["train"]]))
            (copy / f"dev.{settings['suffix']}").write_bytes(dev)
        return ["--data", copy, "--task", task]

    def run(self, path, key):
        """Trains the plan at `path` and adds its line, which `key` tells from others."""
        plan, predictions = json.loads(path.read_text()), self.work / "predictions.tsv"
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
        report = json.loads(self.permafrost(
            "train", path, "--model", self.options.model, *self.data(key["task"]), "--steps", key["steps"], "--learning-rate", RATE,
            "--seed", key["seed"], "-o", self.work / "out", "--overwrite", "--json", "--predictions", predictions))["training"]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = dict(**key, value=report["scores"][0]["value"], metric=report["scores"][0]["metric"], loss=round(cross_entropy(predictions), 5),
                   peak=plan["predicted_peak_bytes"], objective=plan.get("objective"), parameters=plan["trainable_parameters"],
                   nodes=[len(layer) if isinstance(layer, list) else layer for layer in plan["retained_nodes"]],
                   cpu=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1), seconds=round(time.time() - start, 1))
        self.options.results.parent.mkdir(parents=True, exist_ok=True)
        with self.options.results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)

    def pending(self, key):
        return not any(all(row.get(name) == value for name, value in key.items()) for row in read(self.options.results))


def cross_entropy(predictions):
    """The mean over the examples that judge, whose label and logits are a line each."""
    losses = []
    with open(predictions) as file:
        for line in file:
            label, *logits = map(float, line.split("\t"))
            highest = max(logits)
            losses.append(highest + math.log(sum(math.exp(value - highest) for value in logits)) - logits[int(label)])
    return statistics.mean(losses)


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def report(results, cell, title, method, order, baseline):
    """A table for each figure: for every `method` its mean in each cell, and by how much it is above the baseline of the same seed, there and in all cells; ± standard errors (runs)."""
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
