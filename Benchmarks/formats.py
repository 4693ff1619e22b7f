#!/usr/bin/env python3
"""What does it cost in accuracy to hold frozen weights in 16 or 8 bits? The same parameters trained with each format, by pairs of the same seed.

    python3 Benchmarks/formats.py MODEL DATA [--tasks trec sst2] [--train last:2 frozen-embeddings] [--formats f32 bf16 int8] [--seeds 0 1 2]
    python3 Benchmarks/formats.py --report

MODEL and DATA as for scores.py. How runs are made and kept: short_runs.py.
"""
import argparse
import tempfile

import short_runs
from short_runs import PARTS, SHAPE

FORMATS = ["f32", "bf16", "int8"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    short_runs.add_arguments(parser, "formats.jsonl")
    parser.add_argument("--tasks", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--train", nargs="+", default=["last:2", "frozen-embeddings"], help="selections, as 'estimate --train' takes them")
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    options = short_runs.parsed(parser)
    if not options.report:
        with tempfile.TemporaryDirectory() as work:
            runs = short_runs.Runs(options, work)
            path = runs.work / "plan.json"
            for seed in options.seeds:
                for task in options.tasks:
                    for train in options.train:
                        for format in options.formats:
                            key = dict(task=task, train=train, steps=options.steps, format=format, seed=seed)
                            if runs.pending(key):
                                runs.permafrost("estimate", options.model, "--task", task, *SHAPE, "--runtime", 0, "--train", train,
                                                "--frozen-weights", format, "-o", path)
                                runs.train(path, key)
    short_runs.report(options.results, ("task", "train", "steps"), "{}, {}, {} steps", "format", FORMATS, "f32")


if __name__ == "__main__":
    main()
