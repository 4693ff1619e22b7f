#!/usr/bin/env python3
"""What PyTorch's resident peak does when batches differ in length, by the capacity of oneDNN's cache of primitives.

    PYTHON Benchmarks/pytorch-lengths.py MODEL [--steps 50] [--layers 2] [--capacities 1024 32 1]

PYTHON has torch and transformers; MODEL is a folder with a config.json of BERT's family. Trains the head and the last layers on batches of 16 sequences, all
of 64 tokens and then of 24 to 64, a process for each row. Prints VmHWM in MiB after some steps, and the processor's seconds.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time

MARKS = (1, 10, 50, 100, 150, 300, 600)


def resident_peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024


def measure(options):
    """One row: the peaks at MARKS and the processor's seconds of all steps."""
    import torch
    import transformers
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    config = transformers.AutoConfig.from_pretrained(options.model)
    model = transformers.AutoModelForSequenceClassification.from_config(config, attn_implementation="sdpa").train()
    lowest = config.num_hidden_layers - options.layers
    for name, parameter in model.named_parameters():
        layer = name.split(".layer.")[-1].split(".")[0]
        parameter.requires_grad_("classifier" in name or "pooler" in name or (layer.isdigit() and int(layer) >= lowest))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-5, foreach=True)
    peaks, start = {}, time.process_time()
    for step in range(1, options.steps + 1):
        length = 64 if options.fixed or step == 1 else random.randint(24, 64)
        ids = torch.randint(5, config.vocab_size, (16, length))
        mask = torch.ones_like(ids)
        mask[-1, -1] = 0
        model(input_ids=ids, attention_mask=mask, labels=torch.zeros(16, dtype=torch.long)).loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step in MARKS:
            peaks[step] = round(resident_peak())
    return dict(peaks=peaks, seconds=time.process_time() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--capacities", type=int, nargs="+", default=[1024, 32, 1])
    parser.add_argument("--fixed", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options)))
        return
    marks = [mark for mark in MARKS if mark <= options.steps]
    print(f"| lengths | capacity | {' | '.join(f'step {mark}' for mark in marks)} | processor s |")
    print("|---|" + "---:|" * (len(marks) + 2))
    for lengths, flags in (("64", ["--fixed"]), ("24 to 64", [])):
        for capacity in options.capacities:
            result = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--measure", *flags], capture_output=True, text=True,
                                    env={**os.environ, "ONEDNN_PRIMITIVE_CACHE_CAPACITY": str(capacity)})
            if result.returncode != 0:
                raise SystemExit(result.stderr[-2000:])
            row = json.loads(result.stdout.splitlines()[-1])
            print(f"| {lengths} | {capacity} | {' | '.join(str(row['peaks'][str(mark)]) for mark in marks)} | {row['seconds']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
