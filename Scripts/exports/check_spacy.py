"""spaCy: its own training loop on a configuration with the emitted sections, for one step."""

import shutil

import common

RAN = "`spacy assemble` of a frozen encoder, `init_nlp` and `spacy.training.loop.train` with the emitted sections, one step; what moved"
ENVIRONMENT = "spacy"

BASE = """
[nlp]
lang = "en"
pipeline = ["transformer", "textcat"]
batch_size = 4

[components]

[components.textcat]
factory = "textcat"

[components.textcat.model]
@architectures = "spacy.TextCatEnsemble.v2"
nO = null

[components.textcat.model.linear_model]
@architectures = "spacy.TextCatBOW.v2"
exclusive_classes = true
ngram_size = 1
no_output_layer = false
nO = null

[components.textcat.model.tok2vec]
@architectures = "spacy-transformers.TransformerListener.v1"
grad_factor = 1.0

[components.textcat.model.tok2vec.pooling]
@layers = "reduce_mean.v1"

[corpora]

[corpora.train]
@readers = "four_examples.v1"

[corpora.dev]
@readers = "four_examples.v1"

[training]
max_steps = 1
eval_frequency = 1
"""


def run(directory, export):
    from confection import Config
    from spacy.cli._util import app
    from spacy.language import DEFAULT_CONFIG
    from spacy.training import Example
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train
    from spacy.util import registry
    from typer.main import get_command

    @registry.readers("four_examples.v1")
    def read():
        def examples(nlp):
            for index, text in enumerate(["a b c", "d e f", "g h", "i j k"]):
                cats = {str(label): float(label == index % 3) for label in range(3)}
                yield Example.from_dict(nlp.make_doc(text), {"cats": cats})
        return examples

    config = DEFAULT_CONFIG
    for text in (BASE, export.file.read_text()):
        config = config.merge(Config().from_str(text, interpolate=False))
    component = config["components"]["transformer"]
    if "source" in component:
        shutil.rmtree(component["source"], ignore_errors=True)
        get_command(app)(["assemble", str(export.folder / export.manifest["files"][1]), component["source"],
                          "--components.transformer.model.name", str(directory)], standalone_mode=False)
    else:
        component["model"]["name"] = str(directory)
    nlp = init_nlp(config)
    encoder = nlp.get_pipe("transformer").model.shims or nlp.get_pipe("transformer").model.layers[0].shims
    model = encoder[0]._model
    before = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
    train(nlp)
    changed = {name for name, tensor in model.named_parameters() if (tensor != before[name]).any()}
    parts = [name for name in nlp.pipe_names if name not in nlp.config["training"]["frozen_components"]]
    export.check(parts)
    trained = dict(model.named_parameters()) if "transformer" in parts else {}
    common.require_moved(trained, changed)
    return {"transformer." + name: tensor.numel()
            for name, tensor in trained.items()}


if __name__ == "__main__":
    common.main(run, "spacy", "spacy-transformers")
