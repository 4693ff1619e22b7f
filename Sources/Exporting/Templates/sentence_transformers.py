PERMAFROST_HEADER"""The plan with Sentence Transformers.

    model = SentenceTransformer(...)
    apply_plan(model)                  # before the trainer is made
    trainer = SentenceTransformerTrainer(model, SentenceTransformerTrainingArguments("out", **ARGUMENTS), ...)
"""

# For SentenceTransformerTrainingArguments; what the plan does not decide is left to you.
ARGUMENTS = PERMAFROST_ARGUMENTS

# What trains of the transformers model, model[0].auto_model.
TRAINABLE = PERMAFROST_TRAINABLE


def apply_plan(model):
    """Lets exactly the planned tensors require a gradient; raises, and changes nothing, when a name is missing."""
    tensors = dict(model[0].auto_model.named_parameters())
    missing = set(TRAINABLE) - tensors.keys()
    if missing:
        raise RuntimeError(f"the model has no tensor named {sorted(missing)[0]} (and {len(missing) - 1} more)")
    for name, tensor in tensors.items():
        tensor.requires_grad_(name in TRAINABLE)
    return model
