PERMAFROST_HEADER"""The plan with ONNX Runtime's on-device training.

    model = split(onnx.load("model.onnx"))
    generate(model, "artifacts")           # training_model.onnx, eval_model.onnx, optimizer_model.onnx, checkpoint
"""
import os

import numpy
import onnx
from onnx import helper, numpy_helper

# For onnxruntime.training.artifacts.generate_artifacts, by name after splitting.
REQUIRES_GRAD = PERMAFROST_TRAINABLE

FROZEN_PARAMS = PERMAFROST_FROZEN

# Initializers that train in part: the axis along which their nodes lie, and their layer.
SPLIT = PERMAFROST_SPLIT

# By layer: the nodes that train, where only some do.
LEARNERS = PERMAFROST_LEARNERS


def split(model):
    """Makes two initializers of each one in SPLIT, learners first, joined again by Concat; changes `model` in place."""
    graph = model.graph
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    missing = {name.removesuffix(".learner") for name in REQUIRES_GRAD} - initializers.keys()
    if missing:
        raise KeyError(f"no initializer is named {sorted(missing)[0]} (and {len(missing) - 1} more); export the model "
                       "with training=TrainingMode.TRAINING and do_constant_folding=False")
    for name, (axis, layer) in SPLIT.items():
        tensor = numpy_helper.to_array(initializers[name])
        chosen = set(LEARNERS[layer])
        others = [node for node in range(tensor.shape[axis]) if node not in chosen]
        parts = {name + ".learner": LEARNERS[layer], name + ".frozen": others}
        graph.initializer.remove(initializers[name])
        for part, nodes in parts.items():
            values = numpy.ascontiguousarray(numpy.take(tensor, nodes, axis))
            graph.initializer.append(numpy_helper.from_array(values, part))
        graph.node.insert(0, helper.make_node("Concat", list(parts), [name], name=name + ".join", axis=axis))
    for value in [value for value in graph.input if value.name in SPLIT]:
        graph.input.remove(value)
    onnx.checker.check_model(model)
    return model


def generate(model, directory, **options):
    """Writes the training artifacts of a model that went through split; `options` go to generate_artifacts."""
    from onnxruntime.training import artifacts
    os.makedirs(directory, exist_ok=True)
    artifacts.generate_artifacts(
        model, requires_grad=REQUIRES_GRAD, frozen_params=FROZEN_PARAMS, loss=artifacts.LossType.PERMAFROST_LOSS,
        optimizer=artifacts.OptimType.PERMAFROST_OPTIMIZER, artifact_directory=directory, **options)
