"""Sentence Transformers: the emitted file before its own trainer's one step."""

import common

RAN = "`SentenceTransformerTrainer.train()`, one step; what moved"
ENVIRONMENT = "torch"


def run(directory, export):
    from datasets import Dataset
    from sentence_transformers import (SentenceTransformer, SentenceTransformerTrainer,
                                       SentenceTransformerTrainingArguments, losses, models)
    plan = export.module()
    transformer = models.Transformer(directory)
    model = SentenceTransformer(modules=[transformer, models.Pooling(transformer.get_embedding_dimension())], device="cpu")
    plan.apply_plan(model)
    encoder = model[0].auto_model
    export.check(encoder)
    arguments = SentenceTransformerTrainingArguments(
        "out", learning_rate=1e-2, max_steps=1, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True,
        **plan.ARGUMENTS)
    pairs = Dataset.from_dict({"anchor": ["a b c", "d e f", "g h", "i j k"], "positive": ["b a", "f e", "h", "k j"]})
    trainer = SentenceTransformerTrainer(model, arguments, train_dataset=pairs,
                                         loss=losses.MultipleNegativesRankingLoss(model))
    if any(tensor.requires_grad for name, tensor in encoder.named_parameters() if "pooler" not in name):
        with common.only_trained_moves(encoder):
            trainer.train()
    return common.trainable(encoder)


if __name__ == "__main__":
    common.main(run, "sentence-transformers")
