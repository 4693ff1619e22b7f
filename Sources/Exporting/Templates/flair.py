PERMAFROST_HEADER"""The plan with Flair.

    model = TextClassifier(embeddings(), label_dictionary=..., label_type=...)
    ModelTrainer(model, corpus).fine_tune("out", **TRAINING)
"""

FINE_TUNE = PERMAFROST_TUNE

# For ModelTrainer.fine_tune or train; what the plan does not decide is left to you.
TRAINING = {"mini_batch_size": PERMAFROST_BATCH, "mini_batch_chunk_size": PERMAFROST_CHUNK}


def embeddings(model=PERMAFROST_MODEL, **options):
    """The encoder, trained or frozen as planned, its vocabulary as it is unless `use_context_separator` is among the options."""
    from flair.embeddings import TransformerDocumentEmbeddings
    return TransformerDocumentEmbeddings(model, fine_tune=FINE_TUNE, **{"use_context_separator": False, **options})
