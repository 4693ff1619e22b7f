#!/usr/bin/env python3
"""Training steps of PyTorch and transformers, to be timed beside permafrost's; prints one JSON object.

    Benchmarks/pytorch-step.py MODEL BATCH SEQ --train full|last:K|PLAN.py [--steps N] [--data cola.tsv --vocabulary DIR] [--weights DIR]

MODEL is distilbert or minilm, with random weights and two labels unless --weights names a folder. PLAN.py is a file by `permafrost export`.
Dropout is on, AdamW's decay is 0.01 on matrices and tables. Without --data, batches are full: no padding. With --data, steps go through CoLA's
sentences in their order, padded to the longest of each batch.
"""
import time

START = time.time()
import argparse
import importlib.util
import json
import os

import torch
from transformers import (AutoTokenizer, BertConfig, BertForSequenceClassification, DistilBertConfig,
                          DistilBertForSequenceClassification)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["distilbert", "minilm"])
    parser.add_argument("batch", type=int)
    parser.add_argument("seq", type=int)
    parser.add_argument("--train", default="full")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data")
    parser.add_argument("--vocabulary")
    parser.add_argument("--weights")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if options.weights:
        model = BertForSequenceClassification.from_pretrained(options.weights, num_labels=2)
    elif options.model == "distilbert":
        model = DistilBertForSequenceClassification(DistilBertConfig())
    else:
        model = BertForSequenceClassification(BertConfig(
            hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536))
    if options.train.startswith("last:"):
        last = int(options.train[5:])
        for name, parameter in model.base_model.named_parameters():
            parts = name.split(".")
            index = next((int(part) for part in parts if part.isdigit()), -1)
            parameter.requires_grad_("layer" in parts and index >= 6 - last or parts[0] == "pooler")
    elif options.train.endswith(".py"):
        spec = importlib.util.spec_from_file_location("plan", options.train)
        plan = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(plan)
        plan.apply_plan(model)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([dict(params=[p for p in trained if p.dim() > 1], weight_decay=0.01),
                                   dict(params=[p for p in trained if p.dim() == 1], weight_decay=0.0)], lr=1e-5)
    batches = full(options)
    if options.data:
        batches = sentences(options)
    times, tokens = [], 0
    first = None
    for _ in range(options.steps):
        inputs = next(batches)
        begin = time.time()
        loss = model(**inputs).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.time() - begin)
        tokens += int(inputs["attention_mask"].sum()) if "attention_mask" in inputs else options.batch * options.seq
        first = first or time.time() - START
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024
    later = sorted(times[1:]) or times
    print(json.dumps(dict(seconds_per_step=later[len(later) // 2], total_seconds=sum(times), steps=len(times), tokens=tokens,
                          resident_peak_bytes=peak, seconds_to_first_step=first, pid=os.getpid())))


def full(options):
    ids = torch.randint(1000, 20000, (options.batch, options.seq))
    labels = torch.randint(0, 2, (options.batch,))
    while True:
        yield dict(input_ids=ids, labels=labels)


def sentences(options):
    tokenizer = AutoTokenizer.from_pretrained(options.vocabulary)
    rows = [line.rstrip("\n").split("\t") for line in open(options.data, encoding="utf-8")]
    encoded = tokenizer([row[3] for row in rows], truncation=True, max_length=options.seq)
    labels = [int(row[1]) for row in rows]
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0)).tolist()
    keys = ["input_ids", "attention_mask"]
    while True:
        for begin in range(0, len(order), options.batch):
            some = order[begin:begin + options.batch]
            batch = tokenizer.pad([{key: encoded[key][i] for key in keys} for i in some], return_tensors="pt")
            yield dict(batch, labels=torch.tensor([labels[i] for i in some]))


if __name__ == "__main__":
    main()
