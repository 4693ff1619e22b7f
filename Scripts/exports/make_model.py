"""Makes a tiny model with random weights, and a vocabulary for it: make_model.py FAMILY FOLDER."""

import pathlib
import sys

import torch
from transformers import (BertConfig, BertForSequenceClassification, BertTokenizerFast, DistilBertConfig,
                          DistilBertForSequenceClassification)

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [chr(97 + i) for i in range(26)] + [
    "##" + chr(97 + i) for i in range(26)] + ["good", "bad", "."]

family, folder = sys.argv[1], pathlib.Path(sys.argv[2])
torch.manual_seed(3)
sizes = dict(vocab_size=len(WORDS), max_position_embeddings=64, num_labels=3)
model = {
    "distilbert": lambda: DistilBertForSequenceClassification(DistilBertConfig(
        dim=16, hidden_dim=40, n_layers=3, n_heads=4, **sizes)),
    "bert": lambda: BertForSequenceClassification(BertConfig(
        hidden_size=16, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, **sizes)),
}[family]()
with torch.no_grad():  # Sizes this small would have gradients too small to move anything.
    for tensor in model.parameters():
        tensor.add_(torch.randn_like(tensor) * 0.1)
model.save_pretrained(folder)
(folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
# DistilBERT takes no token types.
inputs = ["input_ids", *(["token_type_ids"] if family == "bert" else []), "attention_mask"]
BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_input_names=inputs).save_pretrained(folder)
