#!/usr/bin/env python3
"""Which score predicts accuracy best? Plans by every metric of priming, by random scores and by the prior, trained at the same budgets.

    python3 Benchmarks/scores.py MODEL DATA [--results FILE] [--cells trec:35 sst2:35 trec:50] [--steps 60] [--seeds 3] [--permafrost PROGRAM]
    python3 Benchmarks/scores.py --report FILE

MODEL is MiniLM-L6 with weights and vocabulary, DATA a folder with `trec`, `glue/SST-2` and `glue/CoLA` as published. A cell is a task and a share, in percent, of full fine-tuning's
peak with saving keep; 100 is full fine-tuning itself. Budgets are of the step's bytes alone (`--runtime 0`), and all plans save 'cheap', so that only what trains differs.
Every plan is trained for the same steps with the same batch, rate and seed, on one thread; everything is primed once a task and seed. Each result is a line of FILE, and what is in FILE is not done again; the report is the mean and the
sample standard deviation over the seeds.
"""
import argparse
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

from random_scores import random_scores

ROOT = pathlib.Path(__file__).resolve().parent.parent
METRICS = ["weight-change", "relative-change", "gradient-norm", "fisher"]
METHODS = METRICS + ["random", "prior"]
# name: folder, labels, steps of priming, which are a tenth of an epoch of TREC and of CoLA
TASKS = {"trec": ("trec", 6, 18), "sst2": ("glue/SST-2", 2, 18), "cola": ("glue/CoLA", 2, 27)}
SHAPE = ["--batch", 32, "--seq", 32, "--threads", 1]
RATE = 5e-4


def run(command):
    command = list(map(str, command))
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return result.stdout


class Bench:
    def __init__(self, options, work):
        self.options, self.work, self.scores = options, pathlib.Path(work), {}

    def permafrost(self, verb, *arguments):
        return run([self.options.permafrost, verb, *arguments, "-q"])

    def head(self, task):
        return ["--task", task, "--labels", TASKS[task][1]] if task == "trec" else ["--task", task]

    def data(self, task):
        return ["--data", pathlib.Path(self.options.data) / TASKS[task][0], "--task", task]

    def primed(self, task, seed):
        """The scores of a task and seed, measured once."""
        path = self.work / f"{task}-{seed}.json"
        if not path.exists():
            self.permafrost("prime", self.options.model, *self.data(task), *SHAPE, "--steps", TASKS[task][2], "--learning-rate", RATE,
                            "--seed", seed, "-o", path)
        return path

    def random(self, task, seed):
        path = self.work / "random.json"
        path.write_text(random_scores(self.primed(task, seed), self.options.model, seed))
        return path

    def plan(self, task, percent, method, seed):
        path = self.work / "plan.json"
        full = json.loads(self.permafrost("estimate", self.options.model, *self.head(task), *SHAPE, "--train", "full", "--saving", "keep",
                                          "--runtime", 0, "--json"))
        budget = full["peak_bytes"] * percent // 100
        if method == "full":
            self.permafrost("estimate", self.options.model, *self.head(task), *SHAPE, "--train", "full", "--saving", "cheap", "--runtime", 0,
                            "-o", path)
            return path
        scores = {"prior": [], "random": ["--scores", self.random(task, seed)]}.get(method)
        if scores is None:
            scores = ["--scores", self.primed(task, seed), "--score", method]
        self.permafrost("plan", self.options.model, *self.head(task), *SHAPE, "--runtime", 0, "--budget", budget, "--saving", "cheap", *scores,
                        "-o", path)
        return path

    def measure(self, task, percent, method, seed):
        path = self.plan(task, percent, method, seed)
        plan = json.loads(path.read_text())
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
        report = json.loads(self.permafrost("train", path, "--model", self.options.model, *self.data(task), "--steps", self.options.steps,
                                            "--learning-rate", RATE, "--seed", seed, "-o", self.work / "out", "--overwrite", "--json"))
        report = report.get("training", report)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return dict(task=task, percent=percent, steps=self.options.steps, method=method, seed=seed, value=report["scores"][0]["value"],
                    metric=report["scores"][0]["metric"], loss=report["last_loss"], peak=plan["predicted_peak_bytes"], objective=plan["objective"],
                    parameters=plan["trainable_parameters"], saving=plan["recipe"]["saving"],
                    cpu=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1), seconds=round(time.time() - start, 1))


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def report(results):
    """Means and spreads by cell, and the mean difference to random scores, run by run with the same seed, with its standard error."""
    values = {(r["task"], r["percent"], r["steps"], r["method"], r["seed"]): 100 * r["value"] for r in results}
    cells = sorted({key[:3] for key in values})
    print("| score | " + " | ".join(f"{task}, {percent} %, {steps} steps" for task, percent, steps in cells) + " | above random | runs |")
    print("|---|" + "---|" * (len(cells) + 2))
    for method in METHODS + ["full"]:
        own = {key: value for key, value in values.items() if key[3] == method}
        if not own:
            continue
        row = []
        for cell in cells:
            seeds = [value for key, value in own.items() if key[:3] == cell]
            spread = f" ± {statistics.stdev(seeds):.1f}" if len(seeds) > 1 else ""
            row.append(f"{statistics.mean(seeds):.1f}{spread}" if seeds else "–")
        pairs = [(key, (*key[:3], "random", key[4])) for key in own]
        differences = [values[key] - values[other] for key, other in pairs if other in values]
        above = "–"
        if method != "random" and len(differences) > 1:
            error = statistics.stdev(differences) / math.sqrt(len(differences))
            above = f"{statistics.mean(differences):+.2f} ± {error:.2f}"
        print(f"| {method} | " + " | ".join(row) + f" | {above} | {len(own)} |")
    print(f"\nCPU minutes: {sum(r['cpu'] for r in results) / 60:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / ".cache/scores.jsonl")
    parser.add_argument("--cells", nargs="+", default=["trec:35", "sst2:35", "trec:50"])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--permafrost", default=ROOT / ".build/release/permafrost")
    parser.add_argument("--report", type=pathlib.Path)
    options = parser.parse_args()
    if options.report:
        return report(read(options.report))
    if not options.model or not options.data:
        parser.error("give MODEL and DATA, or --report FILE")
    cells = [(task, int(percent)) for task, percent in (cell.split(":") for cell in options.cells)]
    done = {(r["task"], r["percent"], r["steps"], r["method"], r["seed"]) for r in read(options.results)}
    options.results.parent.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, work)
        for seed in range(options.seeds):
            for task, percent in cells:
                for method in ["full"] if percent == 100 else METHODS:
                    if (task, percent, options.steps, method, seed) in done:
                        continue
                    result = bench.measure(task, percent, method, seed)
                    with options.results.open("a") as file:
                        file.write(json.dumps(result) + "\n")
                    print(json.dumps(result), flush=True)
    report(read(options.results))


main()
