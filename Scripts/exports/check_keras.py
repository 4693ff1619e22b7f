"""Keras: the emitted file on KerasHub's classifiers, compiled, and one step."""

import json
import pathlib

import common

RAN = "KerasHub's classifier, `apply_plan`, `compile`, `train_on_batch`; what moved"
ENVIRONMENT = "keras"
UNPACKED = "keras-hub==0.32.0"


def classifier(directory):
    import keras_hub
    sizes = json.loads((pathlib.Path(directory) / "config.json").read_text())
    kind = {"bert": ("Bert", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
            "distilbert": ("DistilBert", "dim", "hidden_dim", "n_layers", "n_heads")}[sizes["model_type"]]
    name, width, inner, layers, heads = kind
    backbone = getattr(keras_hub.models, name + "Backbone")(
        vocabulary_size=sizes["vocab_size"], num_layers=sizes[layers], num_heads=sizes[heads], hidden_dim=sizes[width],
        intermediate_dim=sizes[inner], max_sequence_length=sizes["max_position_embeddings"])
    return getattr(keras_hub.models, name + "TextClassifier")(backbone, num_classes=3, preprocessor=None)


def run(directory, export):
    import keras
    import numpy
    plan, model = export.module(), classifier(directory)
    plan.apply_plan(model)
    model.compile(optimizer=keras.optimizers.AdamW(1e-2, **plan.OPTIMIZER),
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    parts = plan.trained_parts(model)
    export.check(parts)
    tokens = numpy.random.default_rng(5).integers(5, 50, (4, 12))
    inputs = {"token_ids": tokens, "padding_mask": numpy.ones_like(tokens), "segment_ids": numpy.zeros_like(tokens)}
    inputs = {tensor.name: inputs[tensor.name] for tensor in model.inputs}
    before = {weight.path: numpy.array(weight) for weight in model.weights}
    trains = {weight.path for weight in model.trainable_weights}
    for _ in range(plan.OPTIMIZER["gradient_accumulation_steps"] or 1):  # The optimizer updates after so many.
        model.train_on_batch(inputs, numpy.arange(4) % 3)
    changed = {weight.path for weight in model.weights if (numpy.array(weight) != before[weight.path]).any()}
    common.require_moved({path for path in trains if "key/bias" not in path}, changed - {
        path for path in trains if "key/bias" in path})
    # KerasHub has weights of its own names: a layer's numbers have to add up to those of its tensors.
    planned, found = {}, plan.layers(model)
    for name, count in {**export.manifest["trainable"], **export.manifest["frozen"]}.items():
        planned.setdefault(name.split("/")[0], {})[name] = count
    for part, tensors in planned.items():
        count = sum(int(numpy.prod(weight.shape)) for weight in found[part].weights)
        assert count == sum(tensors.values()), f"{part} has {count} parameters, not {sum(tensors.values())}"
    return {name: count for part in parts for name, count in planned.get(part, {}).items()}


if __name__ == "__main__":
    common.main(run, "keras")
