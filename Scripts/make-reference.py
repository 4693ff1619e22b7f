#!/usr/bin/env python3
"""Writes the reference values that EngineTests compare with, computed by PyTorch and transformers.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    python3 Scripts/make-reference.py Tests/EngineTests/Fixtures [CASE ...]

For every case: a small model with random weights (config.json, model.safetensors), one padded batch with its loss, logits and the gradient of
every parameter (dropout off), and the losses of ten steps with each of the case's ways to train.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import (BertConfig, BertForQuestionAnswering, BertForSequenceClassification, DistilBertConfig,
                          DistilBertForQuestionAnswering, DistilBertForSequenceClassification, ElectraConfig,
                          ElectraForSequenceClassification, RobertaConfig, RobertaForQuestionAnswering,
                          RobertaForSequenceClassification)
from transformers.optimization import Adafactor

SMALL = dict(vocab_size=61, hidden_size=16, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
             max_position_embeddings=24)
DISTIL = dict(vocab_size=61, dim=16, hidden_dim=40, n_layers=3, n_heads=4, max_position_embeddings=24)
# What each way to train is: an optimizer, perhaps clipping (the largest norm) or FAR's split (learners by layer).
ALL = ["adamw", "sgd", "sgd-momentum", "adafactor", "lion", "adamw-clipped", "lion-clipped"]
CASES = {
    "bert": (BertConfig, BertForSequenceClassification, dict(SMALL, num_labels=3), ALL),
    "bert-regression": (BertConfig, BertForSequenceClassification, dict(
        SMALL, num_hidden_layers=2, num_attention_heads=2, hidden_act="gelu_new", num_labels=1,
        problem_type="regression"), ["adamw"]),
    "bert-multilabel": (BertConfig, BertForSequenceClassification, dict(
        SMALL, num_hidden_layers=1, hidden_act="relu", num_labels=5, problem_type="multi_label_classification"), ["adamw"]),
    "bert-span": (BertConfig, BertForQuestionAnswering, dict(SMALL, num_hidden_layers=2), ["adamw"]),
    "distilbert": (DistilBertConfig, DistilBertForSequenceClassification, dict(DISTIL, num_labels=2),
                   ["adamw", "far", "far-adafactor"]),
    "distilbert-span": (DistilBertConfig, DistilBertForQuestionAnswering, dict(DISTIL, n_layers=1), ["adamw"]),
    "roberta": (RobertaConfig, RobertaForSequenceClassification, dict(
        SMALL, num_hidden_layers=2, max_position_embeddings=26, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5,
        num_labels=3), ["adamw"]),
    "roberta-span": (RobertaConfig, RobertaForQuestionAnswering, dict(
        SMALL, num_hidden_layers=1, max_position_embeddings=26, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5),
        ["adamw"]),
    "electra": (ElectraConfig, ElectraForSequenceClassification, dict(
        SMALL, num_hidden_layers=2, embedding_size=12, num_labels=2), ["adamw"]),
}
LENGTHS = [9, 1, 17, 12]
STEPS, LEARNING_RATE, WEIGHT_DECAY, NORM = 10, 1e-3, 0.01, 0.5
LEARNERS = {0: [3, 8, 21, 39], 1: list(range(40)), 2: []}


def build(case):
    config_class, model_class, options, _ = CASES[case]
    torch.manual_seed(11)
    model = model_class(config_class(**options))
    with torch.no_grad():  # The default 0.02 leaves every gradient tiny; spread the weights instead.
        for name, parameter in model.named_parameters():
            scale = 0.3 if parameter.dim() > 1 else 0.1
            parameter.copy_(torch.randn_like(parameter) * scale + (1.0 if "orm.weight" in name or "norm.weight" in name else 0.0))
    return model.eval()  # No dropout; gradients are the same as in training mode without it.


class Split(nn.Module):
    """A linear layer cut along `axis` into learner and frozen nodes, each a tensor of its own (FAR, arXiv 2205.01541)."""

    def __init__(self, linear, learners, axis):
        super().__init__()
        nodes = linear.weight.shape[axis]
        self.axis = axis
        frozen = [node for node in range(nodes) if node not in learners]
        self.register_buffer("back", torch.argsort(torch.tensor(learners + frozen)))
        take = lambda tensor, rows, at: tensor.detach().index_select(at, torch.tensor(rows, dtype=torch.long))
        self.learner = nn.Parameter(take(linear.weight, learners, axis)) if learners else None
        self.register_buffer("frozen", take(linear.weight, frozen, axis))
        self.learner_bias = nn.Parameter(take(linear.bias, learners, 0)) if axis == 0 and learners else None
        self.register_buffer("frozen_bias", take(linear.bias, frozen, 0) if axis == 0 else None)
        self.bias = nn.Parameter(linear.bias.detach().clone()) if axis == 1 else None

    def forward(self, x):
        parts = [part for part in (self.learner, self.frozen) if part is not None]
        weight = torch.cat(parts, self.axis).index_select(self.axis, self.back)
        bias = self.bias
        if self.axis == 0:
            parts = [part for part in (self.learner_bias, self.frozen_bias) if part is not None]
            bias = torch.cat(parts).index_select(0, self.back)
        return nn.functional.linear(x, weight, bias)


def split(model):
    for index, layer in enumerate(model.distilbert.transformer.layer):
        if len(LEARNERS[index]) < 40:
            layer.ffn.lin1 = Split(layer.ffn.lin1, LEARNERS[index], 0)
            layer.ffn.lin2 = Split(layer.ffn.lin2, LEARNERS[index], 1)


class Lion(torch.optim.Optimizer):
    """Chen et al., arXiv 2302.06675, algorithm 2."""

    def __init__(self, groups, lr):
        super().__init__(groups, dict(lr=lr, betas=(0.9, 0.99), weight_decay=0.0))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                direction = torch.sign(m * group["betas"][0] + p.grad * (1 - group["betas"][0]))
                p.sub_(group["lr"] * (direction + group["weight_decay"] * p))
                m.mul_(group["betas"][1]).add_(p.grad * (1 - group["betas"][1]))


def optimizer(way, model):
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [dict(params=[p for p in parameters if p.dim() > 1], weight_decay=WEIGHT_DECAY),
              dict(params=[p for p in parameters if p.dim() == 1], weight_decay=0.0)]
    name = way.split("-clipped")[0].removeprefix("far-")
    if name in ("adamw", "far"):
        return torch.optim.AdamW(groups, lr=LEARNING_RATE)
    if name in ("sgd", "sgd-momentum"):
        return torch.optim.SGD(groups, lr=LEARNING_RATE, momentum=0.9 if name == "sgd-momentum" else 0.0)
    if name == "adafactor":
        return Adafactor(groups, lr=LEARNING_RATE, scale_parameter=False, relative_step=False, warmup_init=False)
    return Lion(groups, lr=LEARNING_RATE)


def train(case, way, inputs):
    model = build(case)
    if way.startswith("far"):
        split(model)
    steps = optimizer(way, model)
    losses = []
    for _ in range(STEPS):
        steps.zero_grad()
        loss = forward(model, inputs)[0]
        loss.backward()
        if way.endswith("-clipped"):
            nn.utils.clip_grad_norm_(model.parameters(), NORM)
        steps.step()
        losses.append(loss.item())
    return model, losses


def forward(model, inputs):
    """Loss and logits; a span's loss leaves padding out, which transformers lets into the softmax."""
    if "start_positions" not in inputs:
        result = model(**inputs)
        return result.loss, result.logits
    unlabelled = {name: value for name, value in inputs.items() if not name.endswith("positions")}
    result = model(**unlabelled)
    mask = inputs["attention_mask"] == 0
    losses = [nn.functional.cross_entropy(logits.masked_fill(mask, float("-inf")), inputs[name])
              for logits, name in ((result.start_logits, "start_positions"), (result.end_logits, "end_positions"))]
    logits = torch.stack([result.start_logits, result.end_logits], dim=-1)[inputs["attention_mask"] == 1]
    return sum(losses) / 2, logits


def main(out, names):
    for case in names or CASES:
        _, _, options, ways = CASES[case]
        folder = pathlib.Path(out) / case
        folder.mkdir(parents=True, exist_ok=True)
        model = build(case)
        model.save_pretrained(folder, safe_serialization=True)
        generator = torch.Generator().manual_seed(5)
        longest = max(LENGTHS)
        ids = torch.full((len(LENGTHS), longest), options.get("pad_token_id", 0))
        mask = torch.zeros_like(ids)
        types = torch.zeros_like(ids)
        first = []
        for row, length in enumerate(LENGTHS):
            ids[row, :length] = torch.randint(2, 61, (length,), generator=generator)
            mask[row, :length] = 1
            first.append((length + 1) // 2)
            types[row, first[-1]:length] = 1
        inputs = dict(input_ids=ids, attention_mask=mask)
        if case.startswith(("bert", "electra")):
            inputs["token_type_ids"] = types
        count = len(LENGTHS)
        if case.endswith("span"):
            start = torch.tensor([int(torch.randint(0, n, (1,), generator=generator)) for n in LENGTHS])
            end = torch.tensor([int(torch.randint(int(s), n, (1,), generator=generator)) for s, n in zip(start, LENGTHS)])
            inputs.update(start_positions=start, end_positions=end)
            labels = torch.stack([start, end], dim=1)
        elif case.endswith("regression"):
            labels = torch.randn(count, 1, generator=generator)
            inputs["labels"] = labels[:, 0]
        elif case.endswith("multilabel"):
            labels = torch.randint(0, 2, (count, options["num_labels"]), generator=generator).float()
            inputs["labels"] = labels
        else:
            labels = torch.randint(0, options["num_labels"], (count, 1), generator=generator)
            inputs["labels"] = labels[:, 0]

        loss, logits = forward(model, inputs)
        loss.backward()
        gradients = {name: parameter.grad.contiguous() for name, parameter in model.named_parameters()}
        save_file(gradients, folder / "gradients.safetensors", metadata={"format": "pt"})
        losses = {}
        for way in ways:
            trained, losses[way] = train(case, way, inputs)
            if (case, way) == ("bert", "adamw"):
                tensors = {name: parameter.detach().contiguous() for name, parameter in trained.named_parameters()}
                save_file(tensors, folder / "trained.safetensors", metadata={"format": "pt"})
            print(case, way, losses[way][0], losses[way][-1])
        reference = dict(
            torch=torch.__version__.split("+")[0], lengths=LENGTHS, first_segments=first,
            ids=[ids[r, :n].tolist() for r, n in enumerate(LENGTHS)], labels=labels.float().tolist(), loss=loss.item(),
            logits=logits.flatten().tolist(), losses=losses, learning_rate=LEARNING_RATE, weight_decay=WEIGHT_DECAY,
            maximum_norm=NORM, learners=[LEARNERS[layer] for layer in sorted(LEARNERS)])
        (folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
