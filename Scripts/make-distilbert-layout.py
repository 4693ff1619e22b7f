#!/usr/bin/env python3
"""Writes a BERT checkpoint as DistilBERT lays one out: real weights for a layout whose own are hard to get offline.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    Scripts/make-distilbert-layout.py MINILM_DIR OUT_DIR

DistilBERT has no token types and no pooler: the first type's row is added to every position's, and the pooler is left
out. On texts without a second segment the encoder then computes what it did; that is checked before this ends.
"""
import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import BertModel, DistilBertModel

LAYER = {
    "attention.self.query": "attention.q_lin", "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin", "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm", "intermediate.dense": "ffn.lin1", "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}
FIELDS = {
    "vocab_size": "vocab_size", "max_position_embeddings": "max_position_embeddings", "hidden_size": "dim",
    "intermediate_size": "hidden_dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads",
    "hidden_act": "activation", "hidden_dropout_prob": "dropout", "attention_probs_dropout_prob": "attention_dropout",
    "initializer_range": "initializer_range", "pad_token_id": "pad_token_id",
}
TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"]
TOLERANCE = 1e-4


def renamed(tensors):
    types = tensors.pop("embeddings.token_type_embeddings.weight")
    for name, tensor in tensors.items():
        if name.startswith("pooler.") or name.endswith("_ids"):
            continue
        if name == "embeddings.position_embeddings.weight":
            tensor = tensor + types[0]
        if name.startswith("encoder.layer."):
            _, _, layer, rest = name.split(".", 3)
            module, _, kind = rest.rpartition(".")
            name = f"transformer.layer.{layer}.{LAYER[module]}.{kind}"
        yield name, tensor.contiguous()


def difference(source, target):
    """The largest difference of a hidden state, over texts of several lengths in one padded batch."""
    bert, distilbert = BertModel.from_pretrained(source).eval(), DistilBertModel.from_pretrained(target).eval()
    generator = torch.Generator().manual_seed(7)
    longest = min(128, bert.config.max_position_embeddings)
    mask = (torch.arange(longest) < torch.tensor([[longest], [longest // 2], [9], [2]])).long()
    ids = torch.randint(1, bert.config.vocab_size, mask.shape, generator=generator) * mask
    with torch.no_grad():
        states = [model(input_ids=ids, attention_mask=mask).last_hidden_state for model in (bert, distilbert)]
    return ((states[0] - states[1]) * mask[..., None]).abs().max().item()


def main(source, target):
    source, target = pathlib.Path(source), pathlib.Path(target)
    config = json.loads((source / "config.json").read_text())
    if config["model_type"] != "bert":
        sys.exit(f"{source} holds a {config['model_type']}, not a bert")
    if config.get("layer_norm_eps", 1e-12) != 1e-12:
        sys.exit("DistilBERT's LayerNorm has an epsilon of 1e-12")
    target.mkdir(parents=True, exist_ok=True)
    written = {"architectures": ["DistilBertModel"], "model_type": "distilbert", "sinusoidal_pos_embds": False}
    written |= {new: config[old] for old, new in FIELDS.items() if old in config}
    (target / "config.json").write_text(json.dumps(written, indent=2) + "\n")
    tensors = {name.removeprefix("bert."): tensor
               for name, tensor in load_file(source / "model.safetensors").items()}
    save_file(dict(renamed(tensors)), target / "model.safetensors", metadata={"format": "pt"})
    for name in TOKENIZER:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    found = difference(source, target)
    print(f"{target}: the largest difference of a hidden state is {found:.2g}")
    sys.exit(found > TOLERANCE)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
