"""Examples as batches, and a model that trains on them as a plan says; used by run_plan.py.

The largest batch, the optimizer's settings and the micro-batches are those of permafrost's own engine.
"""
import json
import struct
import sys
from array import array

import torch
import transformers


class Examples:
    """A file of tokenized examples; Sources/Tasks/Prepared/PreparedHeader.swift has its layout."""

    def __init__(self, path):
        self.file = open(path, "rb")
        _, _, kind, vocabulary, self.padding, _, self.count, tokens, outputs = struct.unpack("<8sIIIIQQQI", self.file.read(52))
        self.code = "H" if vocabulary <= 1 << 16 else "i"
        self.kind = ["classification", "regression", "multilabel", "span"][kind]
        number, count = {"classification": ("i", 1), "regression": ("f", 1), "multilabel": ("f", outputs), "span": ("i", 2)}[self.kind]
        self.entry = struct.Struct("<QI" + number * count)
        self.file.seek((64 + tokens * array(self.code).itemsize + 15) & ~15)
        self.entries = self.file.read()

    def __getitem__(self, index):
        """(ids, how many of them are the first segment's, numbers of the label)"""
        start = self.entry.unpack_from(self.entries, (index - 1) * self.entry.size)[0] if index else 0
        end, first, *label = self.entry.unpack_from(self.entries, index * self.entry.size)
        ids = array(self.code)
        self.file.seek(64 + start * ids.itemsize)
        ids.frombytes(self.file.read((end - start) * ids.itemsize))
        if sys.byteorder == "big":
            ids.byteswap()
        return ids.tolist(), first, label

    def batch(self, indices, config):
        """The examples as the model's arguments, padded to the longest."""
        examples = [self[index] for index in indices]
        width = max(len(ids) for ids, _, _ in examples)
        inputs = {"input_ids": torch.tensor([ids + [self.padding] * (width - len(ids)) for ids, _, _ in examples]),
                  "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _, _ in examples])}
        if getattr(config, "type_vocab_size", 0) > 1:
            inputs["token_type_ids"] = torch.tensor(
                [[0] * first + [1] * (len(ids) - first) + [0] * (width - len(ids)) for ids, first, _ in examples])
        return {**inputs, **labelled(self.kind, torch.tensor([label for _, _, label in examples]))}


def labelled(kind, labels):
    """Labels of one row a sequence, as the head wants them."""
    if kind == "span":
        return {"start_positions": labels[:, 0], "end_positions": labels[:, 1]}
    return {"labels": labels if kind == "multilabel" else labels[:, 0]}


def largest_batch(job, config, sequences, is_padded):
    """Sequences as long as the plan allows; padded, the last is one token shorter, so that there is a mask."""
    length = job["sequence"]
    ids = (torch.arange(sequences * length) * 7919 % config.vocab_size).view(sequences, length)
    columns = {"span": 2, "multilabel": config.num_labels}.get(job["head"], 1)
    number = torch.float if job["head"] in ("regression", "multilabel") else torch.long
    inputs = {"input_ids": ids, **labelled(job["head"], torch.zeros(sequences, columns, dtype=number))}
    if is_padded and length > 1:
        inputs["attention_mask"] = torch.ones_like(ids)
        inputs["attention_mask"][-1, -1] = 0
    return inputs


class Training:
    """A model as the plan has it, and its optimizer."""

    def __init__(self, job, config, weights=None, plan=None):
        self.job, self.config = job, config
        head = "QuestionAnswering" if job["head"] == "span" else "SequenceClassification"
        self.model = getattr(transformers, "AutoModelFor" + head).from_config(config, attn_implementation=job["attention"])
        if job["precision"] == "bf16":
            self.model = self.model.bfloat16()
        if weights:
            load(self.model, weights)
        if plan:
            plan.apply_plan(self.model)
            if plan.PLAN["recomputed_layers"]:
                plan.recompute_layers(self.model)
            plan.assert_plan(self.model)
        trained = [tensor for tensor in self.model.parameters() if tensor.requires_grad]
        groups = [dict(params=[t for t in trained if t.ndim > 1], weight_decay=job["weight_decay"]),
                  dict(params=[t for t in trained if t.ndim <= 1], weight_decay=0.0)]
        loop = job.get("update_loop")
        loop = {} if loop is None else dict(foreach=loop == "foreach", fused=loop == "fused")
        self.trained = trained
        if job["optimizer"] == "adamw":
            self.optimizer = torch.optim.AdamW(groups, lr=0.0, **loop)
        else:
            self.optimizer = torch.optim.SGD(groups, lr=0.0, momentum=0.9 if job["optimizer"] == "sgd-momentum" else 0.0, **loop)
        self.model.train()

    def step(self, inputs, rate):
        """One optimizer step, in micro-batches where the plan cuts the batch; gives the loss."""
        count, size, value = len(inputs["input_ids"]), self.job["micro_batch"], 0.0
        for first in range(0, count, size):
            part = {name: tensor[first:first + size] for name, tensor in inputs.items()}
            part = {name: tensor.to(self.model.dtype) if tensor.is_floating_point() else tensor for name, tensor in part.items()}
            loss = self.model(**part).loss
            if size < count:
                loss = loss * (len(part["input_ids"]) / count)
            loss.backward()
            value += loss.item()
        if self.job.get("maximum_gradient_norm") is not None:
            torch.nn.utils.clip_grad_norm_(self.trained, self.job.get("maximum_gradient_norm"))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return value

    def rehearse(self, is_padded):
        """One step and one evaluation of the largest batch, of which nothing but memory is left behind: the rate is zero."""
        self.step(largest_batch(self.job, self.config, self.job["batch"], is_padded), 0.0)
        self.logits(largest_batch(self.job, self.config, self.job["micro_batch"], is_padded))
        for state in self.optimizer.state.values():
            for value in state.values():
                if torch.is_tensor(value):
                    value.zero_()

    def logits(self, inputs):
        """Without dropout, a row a sequence; a span's have a last axis of start and end."""
        self.model.eval()
        with torch.no_grad():
            output = self.model(**{name: inputs[name] for name in inputs if "label" not in name and "positions" not in name})
        self.model.train()
        return torch.stack([output.start_logits, output.end_logits], -1) if self.job["head"] == "span" else output.logits


def load(model, path):
    """Reads F32 tensors of a safetensors file into the model's own memory, a piece at a time, so that no file stays mapped."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        missing = [name for name, _ in model.named_parameters() if name not in header]
        if missing:
            raise LookupError(f"transformers {transformers.__version__} has '{missing[0]}' (and {len(missing) - 1} more), which the "
                              "checkpoint has not; give a Python whose transformers names tensors as the checkpoint does")
        for name, tensor in model.named_parameters():
            entry, flat = header[name], tensor.data.view(-1)
            file.seek(8 + size + entry["data_offsets"][0])
            for piece in flat.split(1 << 20):
                piece.copy_(torch.frombuffer(bytearray(file.read(4 * len(piece))), dtype=torch.float32))
