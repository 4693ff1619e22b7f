#!/usr/bin/env python3
"""Fine-tunes with PyTorch and transformers as `permafrost train` does, to compare metrics over seeds.

    Benchmarks/pytorch-finetune.py MODEL DATA TASK [--seeds 0 1 2] [--epochs 3] [--batch 16] [--seq 64] [--lr 1e-4] [--examples N]

TASK is trec, cola, sst2, mrpc, stsb or squad. The same tokens (WordPiece, cut at --seq; squad's windows share a third of it, 128 at most), dynamic padding,
dropout of the configuration, AdamW (decay 0.01 on matrices and tables only), linear warm-up over a tenth of the steps and linear decay, no clipping. Prints one
JSON object a seed.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy
import torch
from scipy import stats
from transformers import (AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoTokenizer,
                          get_linear_schedule_with_warmup)

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Scripts"))
import squad_reference


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


class Texts:
    """Single texts or pairs with a label each."""

    def __init__(self, options, tokenizer):
        self.task, self.tokenizer, self.encoded, self.labels = options.task, tokenizer, {}, {}
        for split in ("train", "dev"):
            first, second, labels = load(options.task, options.data, split)
            if split == "train" and options.examples:
                first, second, labels = (part and part[:options.examples] for part in (first, second, labels))
            self.encoded[split] = tokenizer(first, second, truncation=True, max_length=options.seq)
            self.labels[split] = labels
        self.names = None if self.task == "stsb" else sorted(set(self.labels["train"]))
        if self.names:
            self.labels = {split: [self.names.index(label) for label in labels] for split, labels in self.labels.items()}

    def count(self, split):
        return len(self.labels[split])

    def model(self, path):
        return AutoModelForSequenceClassification.from_pretrained(path, num_labels=len(self.names) if self.names else 1)

    def batch(self, split, indices):
        encoded = self.encoded[split]
        inputs = self.tokenizer.pad([{key: encoded[key][i] for key in encoded} for i in indices], return_tensors="pt")
        kind = torch.long if self.names else torch.float
        return dict(inputs, labels=torch.tensor([self.labels[split][i] for i in indices], dtype=kind))

    def scores(self, outputs):
        logits = torch.cat([output.logits for output in outputs])
        predicted = logits.argmax(1).numpy() if self.names else logits[:, 0].numpy()
        return metrics(self.task, predicted, numpy.array(self.labels["dev"]))


class Questions:
    """SQuAD's windows, labelled, answered and scored as Scripts/squad_reference.py has it."""

    def __init__(self, options, tokenizer):
        self.tokenizer, self.windows = tokenizer, {}
        for split in ("train", "dev"):
            found = squad_reference.questions(pathlib.Path(options.data) / f"{split}.json")
            self.windows[split] = [
                (number, context, answers, encoding)
                for number, (_, question, context, answers) in enumerate(found)
                for encoding in squad_reference.windows(tokenizer.backend_tokenizer, question, context, options.seq, min(128, options.seq // 3))]

    def count(self, split):
        return len(self.windows[split])

    def model(self, path):
        return AutoModelForQuestionAnswering.from_pretrained(path)

    def batch(self, split, indices):
        some = [self.windows[split][i] for i in indices]
        inputs = self.tokenizer.pad([dict(input_ids=encoding.ids, token_type_ids=encoding.type_ids, attention_mask=encoding.attention_mask)
                                     for *_, encoding in some], return_tensors="pt")
        spans = torch.tensor([squad_reference.label(encoding, answers)[0] for _, _, answers, encoding in some])
        return dict(inputs, start_positions=spans[:, 0], end_positions=spans[:, 1])

    def scores(self, outputs):
        logits = [pair for output in outputs for pair in torch.stack([output.start_logits, output.end_logits], -1).numpy()]
        questions = {}
        for (number, context, answers, encoding), pair in zip(self.windows["dev"], logits):
            questions.setdefault(number, (context, answers, []))[2].append((encoding, pair[:len(encoding.ids)]))
        decoded = [squad_reference.decode(context, features, False) for context, _, features in questions.values()]
        return squad_reference.scores(decoded, [[text for text, _ in answers] for _, answers, _ in questions.values()], False)


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
    data = (Questions if options.task == "squad" else Texts)(options, tokenizer)
    count = data.count("train")
    for seed in options.seeds:
        torch.manual_seed(seed)
        model = data.model(options.model)
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
            model(**data.batch("train", order.pop())).loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        seconds = time.time() - start
        model.eval()
        total = data.count("dev")
        with torch.no_grad():
            outputs = [model(**data.batch("dev", range(begin, min(begin + 64, total)))) for begin in range(0, total, 64)]
        scores = data.scores(outputs)
        print(json.dumps({"trainer": "pytorch", "task": options.task, "seed": seed, "steps": steps, "seconds": round(seconds, 1),
                          **{key: round(float(value), 4) for key, value in scores.items()}}), flush=True)


if __name__ == "__main__":
    main()
