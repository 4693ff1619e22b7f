#!/usr/bin/env python3
"""The same plans carried out by permafrost's engine and by PyTorch: metric, resident peak and time a step.

    python3 Benchmarks/trainers.py run OUT --minilm MODEL --sst2 DATA --python PYTHON [--permafrost PROGRAM] [--threads 1] [--steps 300] [--seed 0] [--only TEXT]
    python3 Benchmarks/trainers.py table OUT

Plans are made by 'estimate --train' and, called 'planned', by 'plan' for 60 % of the way from training the head to training everything. Each
is run by 'verify' under a limit of 4 GiB, first by permafrost, then by PyTorch, one after the other: only the ratio of the two times means something
on a machine that has other work. MiniLM trains on SST-2; DistilBERT's shape has random weights and tokens, so it has no metric. OUT gets one JSON object a
line; what is there already is not run again.
"""
import argparse
import json
import os
import tempfile

from runs import run

MASKS = ["full", "far:10", "last:2", "planned"]
SHAPE = ["--batch", "16", "--seq", "64"]
KEPT = ["metric_name", "metric", "predicted_peak_bytes", "measured_peak_bytes", "predicted_resident_bytes", "resident_peak_bytes",
        "baseline_resident_bytes", "seconds_per_step", "steps", "first_loss", "last_loss", "trainer_version", "limit_enforced_by"]


def make(options, model, mask, path):
    """Writes the plan, and says by which command."""
    shape = [*SHAPE, "--threads", options.threads, "--runtime", "30MiB"]
    if mask != "planned":
        arguments = ["estimate", model, *shape, "--train", mask, "--budget", "4GiB"]
    else:
        peaks = [json.loads(run([options.permafrost, "estimate", model, *shape, "--train", train, "--json"]))["peak_bytes"] for train in ["head", "full"]]
        budget = (30 << 20) + peaks[0] + (peaks[1] - peaks[0]) * 6 // 10
        arguments = ["plan", model, *shape, "--accumulate", 1, "--frozen-weights", "f32", "--budget", budget]  # As PyTorch holds them.
    run([options.permafrost, *arguments, "--out", path, "-q"])
    return " ".join(map(str, arguments))


def verify(options, plan, trainer, data):
    arguments = ["verify", plan, "--budget", "4GiB", "--no-baseline", "--seed", options.seed, "--json", "-q", *data]
    if trainer == "pytorch":
        arguments += ["--trainer", "pytorch", "--python", options.python]
    report = json.loads(run([options.permafrost, *arguments], codes=(0, 1)))
    return dict({key: report.get(key) for key in KEPT}, checks={check["name"]: check["result"] for check in report["checks"]})


def rows(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def run_all(options):
    done = {(row["model"], row["mask"], row["threads"], row["seed"]) for row in rows(options.out)}
    cases = [("MiniLM-L6", options.minilm, ["--data", options.sst2, "--task", "sst2", "--model", options.minilm, "--steps", options.steps]),
             ("DistilBERT", "distilbert-base-uncased", ["--weights", "random", "--steps", 5])]
    for name, model, data in cases:
        for mask in MASKS:
            if (name, mask, options.threads, options.seed) in done or options.only not in f"{name} {mask}":
                continue
            with tempfile.TemporaryDirectory() as folder:
                plan = os.path.join(folder, "plan.json")
                made = make(options, model, mask, plan)
                with open(plan) as file:
                    share = json.load(file)["trainable_parameters"]
                row = dict(model=name, mask=mask, plan=made.replace(options.minilm, "MODEL"), trainable=share, threads=options.threads,
                           seed=options.seed, **{trainer: verify(options, plan, trainer, data) for trainer in ["permafrost", "pytorch"]})
            with open(options.out, "a") as file:
                file.write(json.dumps(row) + "\n")
            print(table([row]).splitlines()[-1], flush=True)


def table(found):
    lines = ["| model | trains | parameters | metric | PyTorch | resident MiB | PyTorch | of PyTorch's, predicted | time, ratio |",
             "|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for row in found:
        ours, theirs = row["permafrost"], row["pytorch"]
        metrics = [f"{100 * side['metric']:.1f}" if side["metric"] is not None else "" for side in (ours, theirs)]
        peaks = [f"{side['resident_peak_bytes'] / 2**20:.0f}" for side in (ours, theirs)]
        predicted = f"{theirs['predicted_resident_bytes'] / 2**20:.0f}"
        ratio = f"{ours['seconds_per_step'] / theirs['seconds_per_step']:.2f}"
        lines.append("| " + " | ".join([row["model"], row["mask"], f"{row['trainable']:,}", *metrics, *peaks, predicted, ratio]) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["run", "table"])
    parser.add_argument("out")
    parser.add_argument("--minilm")
    parser.add_argument("--sst2")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--permafrost", default=".build/release/permafrost")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="plans whose model and mask, such as 'MiniLM-L6 far:10', contain this")
    options = parser.parse_args()
    run_all(options) if options.action == "run" else print(table(rows(options.out)))


if __name__ == "__main__":
    main()
