#!/usr/bin/env python3
"""Training steps of permafrost and of PyTorch side by side: time, resident peak, and the floor that the matrix library sets.

    python3 Benchmarks/steps.py [--pairs 5] [--only NAME ...] [--cola FOLDER] [--minilm FOLDER] [--python PYTHON] [--permafrost PROGRAM]

Every pair runs permafrost and then PyTorch, each in a process of its own, with the same model, batch, lengths, optimizer, dropout and threads; the table shows the
medians and the median of the pairs' ratios. Without --cola (GLUE's CoLA) and --minilm (MiniLM-L6 with weights and vocabulary) the cases that need them are
left out and said to be. PYTHON needs torch and transformers; PROGRAM is a release build.
"""
import argparse
import ctypes
import ctypes.util
import json
import os
import pathlib
import platform
import shutil
import statistics
import tempfile
import time

from runs import run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
THREADS = 2
NAMES = {"distilbert": "distilbert-base-uncased", "minilm": "all-MiniLM-L6-v2"}
SIZES = {"distilbert": (768, 3072), "minilm": (384, 1536)}

# name: model, batch, sequence, what trains, what forward saves, the ratio of time and of resident peak to reach, steps. Saved is all that the peak to reach
# leaves room for; saving less costs time.
CASES = {
    "DistilBERT full, B16 S128": ("distilbert", 16, 128, "full", "cheap", 0.75, 0.45, 4),
    "DistilBERT FAR10, B16 S128": ("distilbert", 16, 128, "far:10", "cheap", None, 0.40, 4),
    "DistilBERT last 2, B16 S128": ("distilbert", 16, 128, "last:2", "cheap", None, None, 4),
    "MiniLM full, B16 S128": ("minilm", 16, 128, "full", "keep", 0.75, 0.45, 6),
    "DistilBERT full, B32 S16": ("distilbert", 32, 16, "full", "keep", 0.65, None, 8),
    "DistilBERT FAR10, B32 S16": ("distilbert", 32, 16, "far:10", "keep", None, None, 8),
    "MiniLM full, B32 S16": ("minilm", 32, 16, "full", "keep", 0.65, None, 12),
}


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, pathlib.Path(work)

    def plan(self, model, batch, seq, train, saving, flags=()):
        path = self.work / "plan.json"
        run([self.options.permafrost, "estimate", model, "--batch", batch, "--seq", seq, "--threads", THREADS, "--saving", saving,
             "--train", train, "--budget", "16GiB", "-o", path, "-q", *flags])
        return path

    def ours(self, plan, steps, flags=("--weights", "random")):
        report = json.loads(run([self.options.permafrost, "verify", plan, "--steps", steps, "--json", "-q", *flags]))
        times = report["times"]
        mean = sum(kernel["seconds"] for kernel in times["kernels"]) + times["data_seconds"]
        return dict(seconds=report["seconds_per_step"], mean=mean, peak=report["resident_peak_bytes"], times=times)

    def theirs(self, model, batch, seq, train, steps, flags=()):
        report = json.loads(run([self.options.python, HERE / "pytorch-step.py", model, batch, seq, "--train", train, "--steps", steps,
                                 "--threads", THREADS, *flags]).splitlines()[-1])
        return dict(seconds=report["seconds_per_step"], mean=report["total_seconds"] / report["steps"], peak=report["resident_peak_bytes"],
                    first=report["seconds_to_first_step"])

    def pytorch_plan(self, plan):
        path = self.work / "plan.py"
        path.unlink(missing_ok=True)
        run([self.options.permafrost, "export", plan, "--to", "pytorch", "-o", path, "-q"])
        return path

    def pairs(self, ours, theirs):
        return [(ours(), theirs()) for _ in range(self.options.pairs)]


def blas_floor(model, tokens, repeats=2):
    """Seconds of a full step's products of the encoder's matrices by the matrix library alone, on all threads."""
    blas = ctypes.CDLL(ctypes.util.find_library("openblas") or "libopenblas.so.0")
    blas.openblas_set_num_threads(THREADS)
    hidden, nodes = SIZES[model]
    size = max(tokens, nodes) * max(nodes, tokens)
    a, b, c = ((ctypes.c_float * size)(*([0.5] * 1)) for _ in range(3))
    for buffer in (a, b, c):
        ctypes.memset(buffer, 0x3F, ctypes.sizeof(buffer))

    def product(transposed_a, transposed_b, m, n, k):
        blas.cblas_sgemm(101, 112 if transposed_a else 111, 112 if transposed_b else 111, m, n, k, ctypes.c_float(1), a,
                         m if transposed_a else k, b, k if transposed_b else n, ctypes.c_float(0), c, n)

    def layer():
        for inputs, outputs, count in ((hidden, hidden, 4), (hidden, nodes, 1), (nodes, hidden, 1)):
            for _ in range(count):
                product(False, True, tokens, outputs, inputs)
                product(False, False, tokens, inputs, outputs)
                product(True, False, outputs, inputs, tokens)
    layer()
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        layer()
        best = min(best, time.perf_counter() - start)
    return 6 * best


def median(values):
    return statistics.median(values)


def row(name, pairs, goal_time, goal_peak, key="seconds"):
    time_ratio = median(ours[key] / theirs[key] for ours, theirs in pairs)
    peak_ratio = median(ours["peak"] / theirs["peak"] for ours, theirs in pairs)
    mebibytes = lambda side: median(pair[side]["peak"] for pair in pairs) / 2**20
    goal = lambda value: f" (≤ {value:.2f})" if value else ""
    return (f"| {name} | {median(p[0][key] for p in pairs):.3f} s | {median(p[1][key] for p in pairs):.3f} s | {time_ratio:.2f}{goal(goal_time)} "
            f"| {mebibytes(0):.0f} | {mebibytes(1):.0f} | {peak_ratio:.2f}{goal(goal_peak)} |")


def random_model(bench, folder):
    """DistilBERT's shape with random weights and MiniLM's vocabulary, which is the same uncased one."""
    script = ("import sys; from transformers import DistilBertConfig, DistilBertForSequenceClassification as M; "
              "M(DistilBertConfig()).save_pretrained(sys.argv[1])")
    run([bench.options.python, "-c", script, folder])
    for name in ("vocab.txt", "tokenizer_config.json", "tokenizer.json", "special_tokens_map.json"):
        if (pathlib.Path(bench.options.minilm) / name).exists():
            shutil.copy(pathlib.Path(bench.options.minilm) / name, folder)


def cola(bench, wanted):
    folder, minilm = bench.options.cola, bench.options.minilm
    distilbert = bench.work / "distilbert"
    random_model(bench, distilbert)
    lines = {}
    for model, path, train, steps, goal in (("minilm", minilm, "full", 268, 0.60), ("distilbert", distilbert, "full", 40, 0.60),
                                            ("distilbert", distilbert, "far:10", 40, None)):
        name = f"{'MiniLM' if model == 'minilm' else 'DistilBERT'} {train}, CoLA, {'one epoch' if steps == 268 else f'{steps} steps'} of B32"
        if wanted and name not in wanted:
            continue
        plan = bench.plan(path, 32, 64, train, "keep", ["--task", "cola"])
        target = bench.pytorch_plan(plan) if train.startswith("far") else train
        flags = ["--model", path, "--data", folder, "--no-baseline", "--learning-rate", "1e-5"]
        data = ["--data", pathlib.Path(folder) / "train.tsv", "--vocabulary", minilm]
        pairs = bench.pairs(lambda: bench.ours(plan, steps, flags), lambda: bench.theirs(model, 32, 64, target, steps, data))
        lines[(model, train)] = pairs
        print(row(name + ", a step", pairs, goal, None, key="mean"), flush=True)
    full, far = lines.get(("distilbert", "full")), lines.get(("distilbert", "far:10"))
    if full and far:
        ratio = median(b[0]["mean"] / a[0]["mean"] for a, b in zip(full, far))
        theirs = median(b[1]["mean"] / a[1]["mean"] for a, b in zip(full, far))
        print(f"\nDistilBERT on CoLA, FAR10 against full: {ratio:.2f} (≤ 0.70; the paper 0.708), PyTorch {theirs:.2f}.")
        print("Time that bytes bind (element-wise, optimizer, data), a step: " + ", ".join(
            f"{name} {median(p[0]['times']['memory_bound_share'] * p[0]['mean'] for p in pairs) * 1e3:.0f} ms of "
            f"{median(p[0]['mean'] for p in pairs) * 1e3:.0f} ms" for name, pairs in (("full", full), ("FAR10", far)))
            + "; the paper, over its run on a Xavier NX: 378 s of 544 s and 201 s of 385 s.")
    return lines


def first_step(bench):
    """Seconds from starting the program to the end of its first step, everything before it included."""
    folder = bench.work / "few"
    folder.mkdir()
    for split in ("train", "dev"):
        (folder / f"{split}.tsv").write_text("text\tlabel\n" + "a fine film\tgood\na dull film\tbad\n" * 8)
    plan = bench.plan(bench.options.minilm, 16, 32, "full", "cheap", ["--task", "classification", "--labels", "2"])

    def ours():
        start = time.time()
        report = json.loads(run([bench.options.permafrost, "train", plan, "--model", bench.options.minilm, "--data", folder, "--steps", 1, "--json",
                                 "-q", "-o", bench.work / "trained", "--overwrite"]))
        return dict(seconds=report["training"]["seconds_to_first_step"], whole=time.time() - start)

    def theirs():
        return dict(seconds=bench.theirs("minilm", 16, 32, "full", 1, ["--weights", bench.options.minilm])["first"])

    pairs = bench.pairs(ours, theirs)
    ratio = median(a["seconds"] / b["seconds"] for a, b in pairs)
    whole = median(a["whole"] / b["seconds"] for a, b in pairs)
    print(f"\nProcess start to the end of the first step, MiniLM: permafrost's training process {median(a['seconds'] for a, _ in pairs):.2f} s, PyTorch "
          f"{median(b['seconds'] for _, b in pairs):.2f} s: ratio {ratio:.2f} (≤ 0.10). The whole command, with tokenizing, evaluating and saving: "
          f"{median(a['whole'] for a, _ in pairs):.2f} s, {whole:.2f} of PyTorch's first step.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="names of rows, or 'first-step'")
    parser.add_argument("--cola")
    parser.add_argument("--minilm")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--permafrost", default=ROOT / ".build/release/permafrost")
    options = parser.parse_args()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    print(f"{time.strftime('%Y-%m-%d')}, {cpu}, {os.cpu_count()} cores, {THREADS} threads; medians of {options.pairs} interleaved pairs.\n")
    print("| | permafrost | PyTorch | time ratio | permafrost MiB | PyTorch MiB | peak ratio |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, work)
        floors = []
        for name, (model, batch, seq, train, saving, goal_time, goal_peak, steps) in CASES.items():
            if options.only and name not in options.only:
                continue
            plan = bench.plan(NAMES[model], batch, seq, train, saving)
            target = bench.pytorch_plan(plan) if train.startswith("far") else train
            pairs, floor = [], []
            for _ in range(options.pairs):
                pairs.append((bench.ours(plan, steps), bench.theirs(model, batch, seq, target, steps)))
                if train == "full" and seq == 128:
                    floor.append(blas_floor(model, batch * seq))
            print(row(f"{name}, {saving}", pairs, goal_time, goal_peak), flush=True)
            if floor:
                ratio = median(pair[0]["seconds"] / seconds for pair, seconds in zip(pairs, floor))
                floors.append(f"{name}: {ratio:.2f} of the floor (≤ 1.20; {median(floor):.2f} s by OpenBLAS alone)")
        if options.cola and options.minilm:
            cola(bench, options.only)
        else:
            print("\nCoLA was left out: it needs --cola and --minilm.")
        for line in floors:
            print("\n" + line)
        if options.minilm and (not options.only or "first-step" in options.only):
            first_step(bench)


if __name__ == "__main__":
    main()
