#!/usr/bin/env python3
"""Fine-tunes over seeds, with permafrost and with PyTorch, whole and within budgets, and prints the tables of docs/results.

    python3 Benchmarks/accuracy.py full MODEL DATA [--sides ours pytorch] [--tasks trec ...] [--seeds 0 1 2]
    python3 Benchmarks/accuracy.py budgets MODEL DATA [--shares 50 35] [--methods ...] [--tasks trec ...] [--seeds 0 1 2]
    python3 Benchmarks/accuracy.py table full|budgets

MODEL is a folder with MiniLM-L6 (Scripts/fetch-minilm prints it); DATA holds trec, squad and GLUE's glue/CoLA, glue/SST-2, glue/MRPC and glue/STS-B. Every
finished run adds a line to --results, and a run that is there already is not done again: stop at any time, and go on with the same command. `full` is
full fine-tuning. `budgets` trains what each method of selections.py makes of a share of the peak that was measured in full fine-tuning, the program's own
bytes not counted; it needs `full` of the same task first. The side of PyTorch needs --python with torch, transformers and scipy.
"""
import argparse
import itertools
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import selections

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BATCH = 16
# Percent of the peak of full fine-tuning.
SHARES = [75, 50, 35, 25]

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
            copy.mkdir()
            lines = (folder / "train.tsv").read_bytes().splitlines(keepends=True)
            (copy / "train.tsv").write_bytes(b"".join(lines[:settings["examples"] + 1]))
            (copy / "dev.tsv").write_bytes((folder / "dev.tsv").read_bytes())
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
        """Trains a plan, or takes over the figures of the same plan and seed."""
        plan = json.loads(path.read_text())
        digest = selections.digest(plan)
        same = self.results.find(task=key["task"], side="ours", seed=key["seed"], rate=key["rate"], digest=digest)
        if same:
            values = {name: same[0][name] for name in ("scores", "peak_bytes", "seconds")}
        else:
            start = time.time()
            settings = TASKS[key["task"]]
            report = self.permafrost(
                "train", path, "--model", self.options.model, "--data", self.data(key["task"]), "--task", key["task"],
                "--epochs", settings["epochs"], "--learning-rate", f"{key['rate'] * settings['rate']:g}", "--seed", key["seed"],
                "-o", self.work / "trained", "--overwrite")["training"]
            values = dict(scores={score["metric"]: round(score["value"], 4) for score in report["scores"]},
                          peak_bytes=report["measured_peak_bytes"], seconds=round(time.time() - start, 1))
        recipe = plan["recipe"]
        self.record(key, trains=trains, **values, parameters=plan["trainable_parameters"], digest=digest,
                    recipe={name: recipe[name] for name in ("batch", "saving", "frozen_weights")})

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


def run(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout


def figure(rows, name):
    """Mean ± standard deviation over seeds, in hundredths."""
    values = [100 * row["scores"][name] for row in sorted(rows, key=lambda row: row["seed"])]
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def commits(rows):
    """Where a table's figures come from."""
    return f"\nMade at {', '.join(sorted({row['commit'] for row in rows}))}, {', '.join(sorted({row['date'] for row in rows}))}."


def table_full(results):
    print("| task | metric | permafrost, by seed | mean ± sd | PyTorch, by seed | mean ± sd | difference |\n|---|---|---|---|---|---|---|")
    for task, settings in TASKS.items():
        cells, means = [], []
        for side, name in zip(("ours", "pytorch"), settings["metric"]):
            rows = sorted(results.find(task=task, side=side, method="full", rate=1), key=lambda row: row["seed"])
            means.append(statistics.mean(100 * row["scores"][name] for row in rows) if rows else None)
            cells += [", ".join(f"{100 * row['scores'][name]:.1f}" for row in rows), figure(rows, name)] if rows else ["not run", ""]
        difference = "" if None in means else f"{means[0] - means[1]:+.1f}"
        name = settings["metric"][0]
        print(f"| {TITLES[task]} | {METRICS.get(name, name)} | {' | '.join(cells)} | {difference} |")
    print(commits(results.find(method="full")))


def table_budgets(results):
    for task, settings in TASKS.items():
        rows = [row for row in results.find(task=task, side="ours") if row["share"]]
        if not rows:
            print(f"\n### {TITLES[task]}\n\nNot run.")
            continue
        name = settings["metric"][0]
        shares = sorted({*SHARES, *(row["share"] for row in rows)}, reverse=True)
        full = results.find(task=task, side="ours", method="full")
        print(f"\n### {TITLES[task]}, {METRICS.get(name, name)}\n\nFull fine-tuning: {figure(full, name)} at {full[0]['peak_bytes'] / 2**20:.0f} MiB.\n")
        budgets = [f"{share} %: {full[0]['peak_bytes'] * share / 100 / 2**20:.0f} MiB" for share in shares]
        print(f"| method | {' | '.join(budgets)} |")
        print("|---" * (len(shares) + 1) + "|")
        for method, title in selections.METHODS.items():
            for rate in sorted({1, *(row["rate"] for row in rows if row["method"] == method)}):
                cells = [cell([row for row in rows if (row["method"], row["share"], row["rate"]) == (method, share, rate)], name)
                         for share in shares]
                rated = "" if rate == 1 else f", {rate:g} times the rate"
                print(f"| {title}{rated} | {' | '.join(cells)} |")
        print(commits(rows))


def saving(recipe):
    """A policy for all layers, or those of the layers from the first on."""
    policy = recipe["saving"]
    return policy if isinstance(policy, str) else " ".join(f"{name} ×{len(list(run))}" for name, run in itertools.groupby(policy))


def cell(rows, name):
    if not rows:
        return "not run"
    trained = [row for row in rows if row["scores"]]
    if not trained:
        return "does not fit"
    first = trained[0]
    recipe = first["recipe"]
    frozen = "" if recipe["frozen_weights"] == "f32" else f", {recipe['frozen_weights']}"
    return (f"{figure(trained, name)} (n={len(trained)}; {first['trains']}, {saving(recipe)}{frozen}; "
            f"{max(row['peak_bytes'] for row in trained) / 2**20:.0f} MiB)")


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
    for options in verbs.choices.values():
        options.add_argument("--results", default=HERE / "results/accuracy.jsonl")
    options = parser.parse_args()
    if options.verb == "table":
        return {"full": table_full, "budgets": table_budgets}[options.table](Results(options.results))
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
