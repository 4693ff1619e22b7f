#!/usr/bin/env python3
"""Fine-tunes with PyTorch and transformers as `permafrost train` does, to compare metrics over seeds.

    Benchmarks/pytorch-finetune.py MODEL DATA TASK [--seeds 0 1 2] [--epochs 3] [--batch 16] [--seq 64] [--lr 1e-4] [--examples N]

The same tokens (WordPiece, cut at --seq), dynamic padding, dropout of the configuration, AdamW (decay 0.01 on matrices and tables only), linear warm-up over a
tenth of the steps and linear decay, no clipping. Prints one JSON object a seed.
"""
import argparse
import json
import pathlib
import time

import numpy
import torch
from scipy import stats
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup


def rows(path, header=True):
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line.rstrip("\r\n").split("\t") for line in file]
    return lines[1:] if header else lines


def load(task, folder, split):
    """(texts, second texts or None, labels)"""
    folder = pathlib.Path(folder)
    if task == "trec":
        lines = (folder / f"{split}.txt").read_text(encoding="latin-1").splitlines()
        pairs = [line.split(" ", 1) for line in lines if line.strip()]
        return [text for _, text in pairs], None, [label.split(":")[0] for label, _ in pairs]
    table = rows(folder / f"{split}.tsv", header=task != "cola")
    if task == "cola":
        return [row[3] for row in table], None, [row[1] for row in table]
    if task == "sst2":
        return [row[0] for row in table], None, [row[1] for row in table]
    if task == "mrpc":
        return [row[3] for row in table], [row[4] for row in table], [row[0] for row in table]
    if task == "stsb":
        table = [row for row in table if len(row) >= 10]
        return [row[7] for row in table], [row[8] for row in table], [float(row[9]) for row in table]
    raise SystemExit(f"unknown task {task}")


def metrics(task, predicted, actual):
    if task == "stsb":
        return {"pearson": stats.pearsonr(predicted, actual)[0], "spearman": stats.spearmanr(predicted, actual)[0]}
    result = {"accuracy": float(numpy.mean(predicted == actual))}
    if task == "cola":
        tp, tn = ((predicted == 1) & (actual == 1)).sum(), ((predicted == 0) & (actual == 0)).sum()
        fp, fn = ((predicted == 1) & (actual == 0)).sum(), ((predicted == 0) & (actual == 1)).sum()
        product = float(tp + fp) * float(tp + fn) * float(tn + fp) * float(tn + fn)
        result = {"mcc": float((tp * tn - fp * fn) / product ** 0.5) if product else 0.0, **result}
    if task == "mrpc":
        tp = ((predicted == 1) & (actual == 1)).sum()
        result["f1"] = float(2 * tp / (2 * tp + (predicted != actual).sum()))
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("task")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seq", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--examples", type=int, help="the first N of the training file")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    splits = {}
    for split in ("train", "dev"):
        first, second, labels = load(options.task, options.data, split)
        if split == "train" and options.examples:
            first, second, labels = (part and part[:options.examples] for part in (first, second, labels))
        encoded = tokenizer(first, second, truncation=True, max_length=options.seq)
        splits[split] = (encoded, labels)
    names = None
    if options.task != "stsb":
        names = sorted(set(splits["train"][1]))
        splits = {split: (encoded, [names.index(label) for label in labels]) for split, (encoded, labels) in splits.items()}

    def batch_of(split, indices):
        encoded, labels = splits[split]
        batch = tokenizer.pad([{key: encoded[key][i] for key in encoded} for i in indices], return_tensors="pt")
        kind = torch.float if names is None else torch.long
        return batch, torch.tensor([labels[i] for i in indices], dtype=kind)

    count = len(splits["train"][1])
    for seed in options.seeds:
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=len(names) if names else 1)
        decayed = [p for p in model.parameters() if p.dim() > 1]
        plain = [p for p in model.parameters() if p.dim() == 1]
        optimizer = torch.optim.AdamW([dict(params=decayed, weight_decay=0.01), dict(params=plain, weight_decay=0.0)], lr=options.lr)
        steps = round(options.epochs * -(-count // options.batch))
        schedule = get_linear_schedule_with_warmup(optimizer, -(-steps // 10), steps)
        order = []
        generator = torch.Generator().manual_seed(seed)
        model.train()
        start = time.time()
        for _ in range(steps):
            if not order:
                order = torch.randperm(count, generator=generator).split(options.batch)
                order = [part.tolist() for part in order][::-1]
            inputs, labels = batch_of("train", order.pop())
            loss = model(**inputs, labels=labels).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        seconds = time.time() - start
        model.eval()
        outputs = []
        with torch.no_grad():
            for begin in range(0, len(splits["dev"][1]), 64):
                inputs, _ = batch_of("dev", range(begin, min(begin + 64, len(splits["dev"][1]))))
                outputs.append(model(**inputs).logits)
        logits = torch.cat(outputs)
        predicted = logits[:, 0].numpy() if names is None else logits.argmax(1).numpy()
        scores = metrics(options.task, predicted, numpy.array(splits["dev"][1]))
        print(json.dumps({"trainer": "pytorch", "task": options.task, "seed": seed, "steps": steps, "seconds": round(seconds, 1),
                          **{key: round(float(value), 4) for key, value in scores.items()}}), flush=True)


if __name__ == "__main__":
    main()
