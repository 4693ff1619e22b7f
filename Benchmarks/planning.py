#!/usr/bin/env python3
"""How long planning takes: one step simulated, single plans of 12- and 24-layer encoders, and a sweep of 20 points of DistilBERT.

    python3 Benchmarks/planning.py [--runs 3] [--permafrost PROGRAM]

Times are of the whole command; the least of the runs says most where other work shares the machine, and so does the processor time beside it. One step
of BERT-large is what its `estimate` takes more than that of a model of two narrow layers, the least of 20 each, so that starting a process is not in it.
PROGRAM is a release build.
"""
import argparse
import json
import os
import pathlib
import resource
import time

from runs import run

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPE = ["--batch", 16, "--seq", 128, "--threads", 2, "--runtime", "25MiB", "-q", "--json"]

# name: arguments, the most seconds it should take
PLANS = {
    "bert-base-uncased": (["600MiB", "800MiB", "1000MiB", "1400MiB"], 2),
    "bert-large-uncased": (["1600MiB", "1800MiB", "2200MiB", "3000MiB"], 5),
}
SIMULATED = ("bert-large-uncased", "bert-tiny")
SWEEP = ["sweep", "distilbert-base-uncased", "--points", 20]


def timed(program, arguments):
    """Wall-clock and processor seconds of a command, and its answer."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    answer = run([program, *arguments, *SHAPE])
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor, json.loads(answer)


def best(program, arguments, runs):
    results = [timed(program, arguments) for _ in range(runs)]
    return min(r[0] for r in results), min(r[1] for r in results), results[0][2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--permafrost", default=ROOT / ".build/release/permafrost")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, the least of {options.runs} runs\n")
    simulated, start = (best(options.permafrost, ["estimate", model], 20)[0] for model in SIMULATED)
    print(f"one step of BERT-large: {1e3 * (simulated - start):.0f} ms (20 ms), beside {1e3 * start:.0f} ms for the command\n", flush=True)
    print("| | wall | processor | at most | score | gap | ended |\n|---|---|---|---|---|---|---|")
    for model, (budgets, limit) in PLANS.items():
        for budget in budgets:
            wall, processor, plan = best(options.permafrost, ["plan", model, "--budget", budget], options.runs)
            print(f"| plan {model}, {budget} | {wall:.2f} s | {processor:.2f} s | {limit} s | {plan['objective']:.1%} | {plan['gap']:.2%} "
                  f"| {plan['termination']} |", flush=True)
    for jobs in (1, 2):
        wall, processor, sweep = best(options.permafrost, [*SWEEP, "--jobs", jobs], options.runs)
        gap = max(1 - p["plan"]["objective"] / p["plan"]["bound"] for p in sweep["points"])
        print(f"| sweep of {len(sweep['points'])} points, --jobs {jobs} | {wall:.2f} s | {processor:.2f} s | 15 s | | ≤ {gap:.2%} | |", flush=True)


if __name__ == "__main__":
    main()
