#!/usr/bin/env python3
"""Which score predicts accuracy best? Plans by every metric of priming, by their opposite, by random scores and by the prior, trained at the same budgets.

    python3 Benchmarks/scores.py MODEL DATA [--cells trec:15 sst2:15] [--steps 216] [--seeds 0 1 2] [--methods fisher random ...]
    python3 Benchmarks/scores.py --report

MODEL is MiniLM-L6 with weights and vocabulary, DATA a folder with `trec` and `glue/SST-2` as published. A cell is a task and a share, in percent, of full fine-tuning's peak with saving
keep. Budgets are of the step's bytes alone (`--runtime 0`), and all plans have the same recipe, so that only what trains differs. Every plan is trained for
the same steps with the same batch, rate and seed; everything is primed once a task and seed.

`inverse` wants a weight the more, the smaller its gradients were in priming. `random` draws anew with every seed of training, and `random-pooler` is that draw with the pooler trained
whatever it drew; `random-N` is draw N whatever the seed, so that what a draw is worth can be told from what a seed is. `full` is full fine-tuning, whatever the budget. How runs are made and kept: short_runs.py.
"""
import argparse
import json
import re
import tempfile

import short_runs
from given_scores import inverse_scores, random_scores
from short_runs import RATE, SHAPE

METRICS = ["root-fisher", "root-change", "weight-change", "relative-change", "gradient-norm", "fisher"]
METHODS = METRICS + ["prior", "inverse", "random", "random-pooler", "full"]
RECIPE = "--saving recompute --frozen-weights int8 --accumulate 4"
# A tenth of an epoch of all TREC's questions.
PRIMING = 18


class Scores(short_runs.Runs):
    def primed(self, task, seed):
        """The scores of a task and seed, measured once."""
        path = self.work / f"{task}-{seed}.json"
        if not path.exists():
            self.permafrost("prime", self.options.model, *self.data(task), *SHAPE, "--steps", PRIMING, "--learning-rate", RATE, "--seed", seed, "-o", path)
        return path

    def given(self, task, method, seed):
        """The flags of the scores a method plans by."""
        if method == "prior":
            return []
        primed = self.primed(task, seed)
        if method in METRICS:
            return ["--scores", primed, "--score", method]
        path = self.work / "given.json"
        if method == "inverse":
            path.write_text(inverse_scores(primed, self.options.model))
        else:
            draw = re.fullmatch(r"random-(\d+)", method)
            path.write_text(random_scores(primed, self.options.model, int(draw[1]) if draw else seed))
        return ["--scores", path, *(["--train", "*pooler*"] if method == "random-pooler" else [])]

    def plan(self, task, percent, method, seed):
        path = self.work / "plan.json"
        full = [self.options.model, "--task", task, *SHAPE, "--train", "full", "--runtime", 0]
        if method == "full":
            self.permafrost("estimate", *full, "-o", path)
        else:
            peak = json.loads(self.permafrost("estimate", *full, "--saving", "keep", "--json"))["peak_bytes"]
            self.permafrost("plan", self.options.model, "--task", task, *SHAPE, "--runtime", 0, "--budget", peak * percent // 100,
                            *self.options.recipe.split(), *self.given(task, method, seed), "-o", path)
        return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    short_runs.add_arguments(parser, "scores.jsonl")
    parser.add_argument("--cells", nargs="+", default=["trec:15", "sst2:15"])
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--recipe", default=RECIPE, help="flags of 'plan' that every plan is made with")
    options = short_runs.parsed(parser)
    if not options.report:
        cells = [(task, int(percent)) for task, percent in (cell.split(":") for cell in options.cells)]
        with tempfile.TemporaryDirectory() as work:
            runs = Scores(options, work)
            for seed in options.seeds:
                for task, percent in cells:
                    for method in options.methods:
                        key = dict(task=task, percent=percent, steps=options.steps, method=method, seed=seed,
                                   recipe=None if options.recipe == RECIPE else options.recipe)
                        if runs.pending(key):
                            runs.train(runs.plan(task, percent, method, seed), key)
    short_runs.report(options.results, ("task", "percent", "steps"), "{}, {} %, {} steps", "method", METHODS, "random")


if __name__ == "__main__":
    main()
