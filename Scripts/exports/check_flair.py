"""Flair: the emitted embeddings in its text classifier, and its trainer for one epoch of one batch."""

import common

RAN = "`ModelTrainer.fine_tune`, one step; what moved"
ENVIRONMENT = "flair"


def run(directory, export):
    import flair
    from flair.data import Corpus, Sentence
    from flair.datasets import FlairDatapointDataset
    from flair.models import TextClassifier
    from flair.trainers import ModelTrainer
    flair.device = "cpu"
    plan, sentences = export.module(), []
    for index, text in enumerate(["a b c", "d e f", "g h", "i j k"]):
        sentences.append(Sentence(text))
        sentences[-1].add_label("kind", str(index % 3))
    data = FlairDatapointDataset(sentences)
    corpus = Corpus(train=data, dev=data, test=data)
    embeddings = plan.embeddings(str(directory))
    classifier = TextClassifier(embeddings, label_dictionary=corpus.make_label_dictionary("kind"), label_type="kind")
    before = {name: tensor.detach().clone() for name, tensor in embeddings.model.named_parameters()}
    ModelTrainer(classifier, corpus).fine_tune("out", max_epochs=1, learning_rate=1e-2, **plan.TRAINING)
    changed = {name for name, tensor in embeddings.model.named_parameters() if (tensor != before[name]).any()}
    # A frozen encoder runs without gradients; its tensors' own flags say nothing.
    trained = dict(embeddings.model.named_parameters()) if embeddings.fine_tune else {}
    common.require_moved(trained, changed)
    export.check(["embeddings"] if trained else [])
    return {"embeddings." + name: tensor.numel() for name, tensor in trained.items()}


if __name__ == "__main__":
    common.main(run, "flair", "transformers")
