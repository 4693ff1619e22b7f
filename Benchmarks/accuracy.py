#!/usr/bin/env python3
"""Fine-tunes over seeds, with permafrost and with PyTorch, whole and within budgets, and prints the tables of docs/results.

    python3 Benchmarks/accuracy.py full MODEL DATA [--sides ours pytorch] [--tasks trec ...] [--seeds 0 1 2]
    python3 Benchmarks/accuracy.py budgets MODEL DATA [--shares 50 35] [--methods ...] [--tasks trec ...] [--seeds 0 1 2]
    python3 Benchmarks/accuracy.py table full [--tasks trec ...]
    python3 Benchmarks/accuracy.py table budgets [--plan plan-gradient-norm] [--tasks trec ...]

MODEL is a folder with MiniLM-L6 (Scripts/fetch-minilm prints it); DATA holds trec, squad and GLUE's glue/CoLA, glue/SST-2, glue/MRPC and glue/STS-B. Every
finished run adds a line to --results, and a run that is there already is not done again: stop at any time, and go on with the same command. `full` is
full fine-tuning. `budgets` trains what each method of selections.py makes of a share of the peak that was measured in full fine-tuning, the program's own
bytes not counted; it needs `full` of the same task first. The side of PyTorch needs --python with torch, transformers and scipy.
"""
import argparse
import json
import pathlib
import tempfile
import time

import selections
import tables
from runs import SHARES, TASKS, Results, cut, run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BATCH = 16


class Bench:
    def __init__(self, options, work):
        self.options, self.work, self.results = options, pathlib.Path(work), Results(options.results)
        self.commit = run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]).strip()

    def permafrost(self, *arguments):
        """The JSON answer, and None where that is "no"."""
        return selections.permafrost(self.options.permafrost, *arguments)

    def data(self, task):
        """The task's folder, or a copy with the first examples only."""
        settings = TASKS[task]
        folder = pathlib.Path(self.options.data) / settings["folder"]
        if not settings.get("examples"):
            return folder
        copy = self.work / task
        if not copy.exists():
            cut(folder, copy, settings["examples"])
        return copy

    def shape(self, task):
        return ["--task", task, "--batch", BATCH, "--seq", TASKS[task]["seq"], "--threads", self.options.threads, "--runtime", "0"]

    def pending(self, **key):
        return not self.results.find(**key)

    def record(self, key, **values):
        settings = dict(batch=BATCH, **{name: TASKS[key["task"]].get(name) for name in ("seq", "epochs", "examples")},
                        learning_rate=key["rate"] * TASKS[key["task"]]["rate"], threads=self.options.threads)
        self.results.add({**key, **values, "settings": settings, "commit": self.commit, "date": time.strftime("%Y-%m-%d")})

    def full(self, task, side, seed):
        key = dict(task=task, side=side, method="full", share=None, rate=1, seed=seed)
        if not self.pending(**key):
            return
        if side == "pytorch":
            answer = self.pytorch(task, seed)
            scores = {name: value for name, value in answer.items() if name not in ("trainer", "task", "seed", "steps", "seconds")}
            self.record(key, scores=scores, seconds=answer["seconds"])
        else:
            plan = self.work / "full.json"
            self.permafrost("estimate", self.options.model, *self.shape(task), "--train", "full", "--budget", "64GiB", "-o", plan)
            self.train(key, plan, "full")

    def train(self, key, path, trains):
        """Trains a plan; one that ends with the same weights as an earlier run takes over its scores, and only its peak is measured, in one step."""
        plan = json.loads(path.read_text())
        settings = TASKS[key["task"]]
        recipe, digest = plan["recipe"], selections.digest(plan)
        same = [row for row in self.results.find(task=key["task"], side="ours", seed=key["seed"], rate=key["rate"], digest=digest)
                if row["settings"]["threads"] == self.options.threads]
        start = time.time()
        report = self.permafrost(
            "train", path, "--model", self.options.model, "--data", self.data(key["task"]), "--task", key["task"],
            *(["--steps", 1] if same else ["--epochs", settings["epochs"]]), "--learning-rate", f"{key['rate'] * settings['rate']:g}",
            "--seed", key["seed"], "-o", self.work / "trained", "--overwrite")["training"]
        if same:
            values = dict(scores=same[0]["scores"], seconds=same[0]["seconds"])
        else:
            values = dict(scores={score["metric"]: round(score["value"], 4) for score in report["scores"]}, seconds=round(time.time() - start, 1))
        self.record(key, trains=trains, peak_bytes=report["measured_peak_bytes"], **values, parameters=plan["trainable_parameters"], digest=digest,
                    recipe={name: recipe[name] for name in ("batch", "accumulation", "saving", "frozen_weights")})

    def pytorch(self, task, seed):
        settings = TASKS[task]
        command = [self.options.python, HERE / "pytorch-finetune.py", self.options.model, self.data(task), task, "--seeds", seed,
                   "--epochs", settings["epochs"], "--batch", BATCH, "--seq", settings["seq"], "--lr", settings["rate"],
                   "--threads", self.options.threads]
        return json.loads(run(command).splitlines()[-1])

    def budgets(self, task, share, method, rate, seed):
        key = dict(task=task, side="ours", method=method, share=share, rate=rate, seed=seed)
        if not self.pending(**key):
            return
        full = self.results.find(task=task, side="ours", method="full")
        if not full:
            raise SystemExit(f"accuracy.py: no full fine-tuning of {task} in {self.options.results}; run 'full' first")
        budget = full[0]["peak_bytes"] * share // 100
        chooser = selections.Chooser(self.options.permafrost, self.options.model, self.shape(task), budget, seed, self.work,
                                     lambda: self.scores(task, seed))
        found = chooser.choose(method)
        if found is None:
            self.record(key, trains=None, scores=None, budget_bytes=budget)
        else:
            path, trains = found
            self.train(key, path, trains)

    def scores(self, task, seed):
        """Scores by priming with the run's seed, as long as priming takes by itself."""
        path = self.work / f"{task}-{seed}.scores.json"
        if not path.exists():
            shape = self.shape(task)[:-2]
            del shape[:2]
            self.permafrost("prime", self.options.model, "--data", self.data(task), "--task", task, *shape,
                            "--learning-rate", TASKS[task]["rate"], "--seed", seed, "-o", path)
        return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("full", "budgets"):
        options = verbs.add_parser(verb)
        options.add_argument("model")
        options.add_argument("data")
        options.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
        options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
        options.add_argument("--permafrost", default=ROOT / ".build/release/permafrost")
        options.add_argument("--threads", type=int, default=2)
        if verb == "full":
            options.add_argument("--sides", nargs="+", choices=["ours", "pytorch"], default=["ours", "pytorch"])
            options.add_argument("--python", default="python3")
        else:
            options.add_argument("--shares", type=int, nargs="+", default=SHARES)
            options.add_argument("--methods", nargs="+", choices=selections.METHODS, default=list(selections.METHODS))
            options.add_argument("--rate", type=float, default=1, help="times the learning rate of full fine-tuning")
    options = verbs.add_parser("table")
    options.add_argument("table", choices=["full", "budgets"])
    options.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    options.add_argument("--plan", choices=selections.METHODS, default="plan-primed", help="whose differences from the others are shown over all tasks")
    for options in verbs.choices.values():
        options.add_argument("--results", default=HERE / "results/accuracy.jsonl")
    options = parser.parse_args()
    if options.verb == "table":
        results = Results(options.results)
        results.rows = [row for row in results.rows if row["task"] in options.tasks]
        return tables.full(results, options.tasks) if options.table == "full" else tables.budgets(results, options.plan, options.tasks)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, work)
        for task in options.tasks:
            for seed in options.seeds:
                if options.verb == "full":
                    for side in options.sides:
                        bench.full(task, side, seed)
                    continue
                for share in options.shares:
                    for method in options.methods:
                        bench.budgets(task, share, method, options.rate, seed)


if __name__ == "__main__":
    main()
