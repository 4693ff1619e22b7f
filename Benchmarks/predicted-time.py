#!/usr/bin/env python3
"""The step time that a calibrated profile predicts, beside the time that steps take.

    python3 Benchmarks/predicted-time.py [--pairs 3] [--only NAME ...] [--minilm FOLDER] [--patience SECONDS] [--profile FILE] [--permafrost PROGRAM]

Every pair calibrates the machine anew and then trains each case on random weights; the table shows the medians of the pairs, of predictions, of measured steps (each the
median of its steps) and of the ratios, and how much of the processors other processes took while steps ran: with more than a few percent, the steps measured
are slower than this machine. What is then left to compare with is the processor time of a step divided by the threads, which waiting for a processor does not lengthen
(sharing caches and memory does): that of many steps less that of one step, in runs of their own. --patience waits that long, in all, for others to become
quiet before a measurement. --profile takes a profile instead of calibrating.
"""
import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import tempfile
import time

from runs import run

ROOT = pathlib.Path(__file__).resolve().parent.parent
THREADS = os.cpu_count()
SHAPES = {"DistilBERT, B16 S128": ("distilbert-base-uncased", 16, 128, 4), "DistilBERT, B8 S64": ("distilbert-base-uncased", 8, 64, 12),
          "MiniLM, B16 S128": ("all-MiniLM-L6-v2", 16, 128, 12)}
TRAINED = ("full", "far:10", "last:2")
QUIET = 0.03


class Processors:
    """Share of the processors' time that processes other than this one and its children took."""

    def __init__(self):
        self.start, self.busy, self.own = time.monotonic(), *self.counts()

    @staticmethod
    def counts():
        ticks = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
        usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK"), sum(u.ru_utime + u.ru_stime for u in usage)

    def others(self):
        busy, own = self.counts()
        return max(0.0, (busy - self.busy - (own - self.own)) / ((time.monotonic() - self.start) * os.cpu_count()))


class Bench:
    def __init__(self, options, work):
        self.options, self.work, self.patience = options, pathlib.Path(work), options.patience

    def permafrost(self, *arguments):
        return run([self.options.permafrost, *arguments, "-q"])

    def wait(self):
        while self.patience > 0:
            processors = Processors()
            time.sleep(2)
            if processors.others() < QUIET:
                return
            self.patience -= 2

    def calibrated(self):
        if self.options.profile:
            return self.options.profile
        self.wait()
        self.permafrost("calibrate", "-o", self.work / "machine.yaml", "--threads", THREADS)
        return self.work / "machine.yaml"

    def pair(self, profile, shape, train):
        model, batch, sequence, steps = SHAPES[shape]
        plan = self.work / "plan.json"
        options = [model if self.options.minilm is None or "MiniLM" not in model else self.options.minilm, "--batch", batch, "--seq", sequence,
                   "--threads", THREADS, "--saving", "cheap", "--train", train]
        self.permafrost("estimate", *options, "--budget", "16GiB", "-o", plan)
        predicted = json.loads(self.permafrost("estimate", *options, "--device", profile, "--json"))["estimated_step_seconds"]
        self.wait()
        processors = Processors()
        times = []
        for count in (1, 1 + steps):
            before = processors.counts()[1]
            report = json.loads(self.permafrost("verify", plan, "--weights", "random", "--steps", count, "--json"))
            times.append(processors.counts()[1] - before)
        return predicted, report["seconds_per_step"], (times[1] - times[0]) / steps / THREADS, processors.others()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", nargs="+", help="names of shapes")
    parser.add_argument("--minilm", help="a folder, where the model's name is not known")
    parser.add_argument("--patience", type=float, default=0)
    parser.add_argument("--profile")
    parser.add_argument("--permafrost", default=ROOT / ".build/release/permafrost")
    options = parser.parse_args()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {cpu}, {THREADS} cores, as many threads; medians of {options.pairs} interleaved pairs.\n")
    cases = [(shape, train) for shape in SHAPES if not options.only or shape in options.only for train in TRAINED]
    pairs = {case: [] for case in cases}
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, work)
        for _ in range(options.pairs):
            profile = bench.calibrated()
            for case in cases:
                pairs[case].append(bench.pair(profile, *case))
    print("| | predicted | measured | predicted / measured | processor time / threads | predicted / that | others took |\n|---|---|---|---|---|---|---|")
    for (shape, train), values in pairs.items():
        predicted, measured, processor, others = (statistics.median(value[index] for value in values) for index in range(4))
        ratio, steady = (statistics.median(value[0] / value[index] for value in values) for index in (1, 2))
        print(f"| {shape}, {train} | {predicted:.3f} s | {measured:.3f} s | {ratio:.2f} | {processor:.3f} s | {steady:.2f} | {others * 100:.0f} % |")


if __name__ == "__main__":
    main()
