#!/usr/bin/env python3
"""Writes the reference values that EngineTests compare with, computed by PyTorch and transformers.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    python3 Scripts/make-reference.py Tests/EngineTests/Fixtures

For every case: a small model with random weights (config.json, model.safetensors), one batch with its loss, logits and the gradient of
every parameter (dropout off), and the losses and weights of a few AdamW steps.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import (BertConfig, BertForSequenceClassification, DistilBertConfig,
                          DistilBertForSequenceClassification)

CASES = {
    "bert": (BertConfig, BertForSequenceClassification, dict(
        vocab_size=61, hidden_size=16, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=24, hidden_act="gelu", num_labels=3)),
    "bert-regression": (BertConfig, BertForSequenceClassification, dict(
        vocab_size=61, hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=24, hidden_act="gelu_new", num_labels=1, problem_type="regression")),
    "distilbert": (DistilBertConfig, DistilBertForSequenceClassification, dict(
        vocab_size=61, dim=16, hidden_dim=40, n_layers=3, n_heads=4, max_position_embeddings=24, num_labels=2)),
}
LENGTHS = [9, 1, 17, 12]
STEPS, LEARNING_RATE, WEIGHT_DECAY = 6, 1e-3, 0.01


def build(case):
    config_class, model_class, options = CASES[case]
    torch.manual_seed(11)
    model = model_class(config_class(**options))
    with torch.no_grad():  # The default 0.02 leaves every gradient tiny; spread the weights instead.
        for name, parameter in model.named_parameters():
            scale = 0.3 if parameter.dim() > 1 else 0.1
            parameter.copy_(torch.randn_like(parameter) * scale + (1.0 if "orm.weight" in name or "norm.weight" in name else 0.0))
    return model.eval()  # No dropout; gradients are the same as in training mode without it.


def main(out):
    for case, (_, _, options) in CASES.items():
        folder = pathlib.Path(out) / case
        folder.mkdir(parents=True, exist_ok=True)
        model = build(case)
        model.save_pretrained(folder, safe_serialization=True)
        generator = torch.Generator().manual_seed(5)
        longest = max(LENGTHS)
        ids = torch.zeros(len(LENGTHS), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        types = torch.zeros_like(ids)
        first = []
        for row, length in enumerate(LENGTHS):
            ids[row, :length] = torch.randint(1, 61, (length,), generator=generator)
            mask[row, :length] = 1
            first.append((length + 1) // 2)
            types[row, first[-1]:length] = 1
        regression = options["num_labels"] == 1
        labels = (torch.randn(len(LENGTHS), generator=generator) if regression
                  else torch.randint(0, options["num_labels"], (len(LENGTHS),), generator=generator))
        inputs = dict(input_ids=ids, attention_mask=mask, labels=labels)
        if case.startswith("bert"):
            inputs["token_type_ids"] = types

        result = model(**inputs)
        result.loss.backward()
        gradients = {name: parameter.grad.contiguous() for name, parameter in model.named_parameters()}
        save_file(gradients, folder / "gradients.safetensors", metadata={"format": "pt"})

        model = build(case)
        decayed = [p for p in model.parameters() if p.dim() > 1]
        plain = [p for p in model.parameters() if p.dim() == 1]
        optimizer = torch.optim.AdamW(
            [dict(params=decayed, weight_decay=WEIGHT_DECAY), dict(params=plain, weight_decay=0.0)], lr=LEARNING_RATE)
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = model(**inputs).loss
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        trained = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
        save_file(trained, folder / "trained.safetensors", metadata={"format": "pt"})
        reference = dict(
            torch=torch.__version__.split("+")[0], lengths=LENGTHS, first_segments=first,
            ids=[ids[r, :n].tolist() for r, n in enumerate(LENGTHS)],
            labels=[float(v) for v in labels], loss=result.loss.item(), logits=result.logits.flatten().tolist(),
            losses=losses, learning_rate=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        (folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")
        print(case, result.loss.item(), losses)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
