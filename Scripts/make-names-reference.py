#!/usr/bin/env python3
"""Writes the tensors of small models, and where they drop out, as transformers has them, for GraphTests to compare.

    pip install torch==2.13.0 transformers==5.23.0
    Scripts/make-names-reference.py Tests/GraphTests/Fixtures/transformers.json

One case for each family, and a second ELECTRA whose embeddings are as wide as its layers. `shared` holds what every
head has; `heads` what one of them adds; `dropout` the rates in the order in which a forward pass drops out. Buffers
are no parameters and are left out; only position_ids and token_type_ids may be among them.
"""
import json
import pathlib
import sys

import torch
from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoModelForSequenceClassification

# No two sizes and no two rates are equal, so that none can stand for another.
SIZES = dict(vocab_size=29, max_position_embeddings=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3)
RATES = dict(hidden_dropout_prob=0.125, attention_probs_dropout_prob=0.25, classifier_dropout=0.5)
DISTILBERT_RATES = dict(dropout=0.125, attention_dropout=0.25, seq_classif_dropout=0.5, qa_dropout=0.375)
CASES = {
    "bert": ("bert", dict(RATES, intermediate_size=20, type_vocab_size=2)),
    "distilbert": ("distilbert", dict(DISTILBERT_RATES, hidden_dim=20)),
    "roberta": ("roberta", dict(RATES, intermediate_size=20, type_vocab_size=1)),
    "xlm-roberta": ("xlm-roberta", dict(RATES, intermediate_size=20, type_vocab_size=1)),
    "electra": ("electra", dict(RATES, intermediate_size=20, type_vocab_size=2, embedding_size=8)),
    "electra without projection": (
        "electra", dict(RATES, intermediate_size=20, type_vocab_size=2, embedding_size=12)),
}
HEADS = {
    "classification": (AutoModelForSequenceClassification, dict(num_labels=3)),
    "regression": (AutoModelForSequenceClassification, dict(num_labels=1, problem_type="regression")),
    "multiLabel": (AutoModelForSequenceClassification, dict(num_labels=5, problem_type="multi_label_classification")),
    "span": (AutoModelForQuestionAnswering, {}),
}


def build(family, options, head):
    model_class, labels = HEADS[head]
    config = AutoConfig.for_model(family, **SIZES, **options, **labels)
    return model_class.from_config(config, attn_implementation="eager")


def shapes(model):
    parameters = {name: list(tensor.shape) for name, tensor in model.named_parameters()}
    buffers = {name.rpartition(".")[2] for name in model.state_dict().keys() - parameters.keys()}
    assert buffers <= {"position_ids", "token_type_ids"}, buffers
    return parameters


def dropout_rates(model):
    rates, original = [], torch.nn.functional.dropout

    def recording(tensor, p=0.5, training=True, inplace=False):
        rates.append(p)
        return original(tensor, p, training, inplace)

    torch.nn.functional.dropout = recording
    try:
        model.train()(input_ids=torch.full((1, 4), 7))
    finally:
        torch.nn.functional.dropout = original
    return rates


def main(path):
    cases = []
    for label, (family, options) in CASES.items():
        models = {head: build(family, options, head) for head in HEADS}
        heads = {head: shapes(model) for head, model in models.items()}
        shared = {name: shape for name, shape in heads["span"].items()
                  if all(head.get(name) == shape for head in heads.values())}
        cases.append({
            "label": label, "family": family, "embeddingSize": options.get("embedding_size", SIZES["hidden_size"]),
            "shared": shared,
            "heads": {head: {name: shape for name, shape in tensors.items() if name not in shared}
                      for head, tensors in heads.items()},
            "dropout": {head: dropout_rates(model) for head, model in models.items()}})
    text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
