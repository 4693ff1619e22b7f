"""Scores to compare measured ones with: random ones, which say nothing, and inverse ones, which say the opposite."""
import json
import math
import pathlib
import random


def random_scores(primed, model, seed):
    """The text of a scores file in which every weight of a tensor, or of a node, counts the same number between 0 and 1.

    `primed` is a file of scores for the same parameters, `model` the folder of the weights.
    """
    generator = random.Random(seed)
    return given(primed, model, lambda size, score: size * generator.random())


def inverse_scores(primed, model):
    """The text of a scores file in which a weight counts the inverse of what `gradient-norm` measured; 0 stays 0.

    `primed` and `model` as above.
    """
    return given(primed, model, lambda size, score: size * size / score if score else 0, metric="gradient-norm")


def given(primed, model, score, metric="weight-change"):
    measured = json.loads(pathlib.Path(primed).read_text())
    base = next(measurement for measurement in measured["measurements"] if measurement["metric"] == metric)
    sizes = weights(model, base["tensors"])
    measured.update(origin="given", measurements=[{
        "metric": "given",
        "tensors": {name: score(sizes[name], base["tensors"][name]) for name in sorted(base["tensors"])},
        "nodes": [[score(sizes["node"], node) for node in layer] for layer in base["nodes"]],
    }])
    return json.dumps(measured)


def weights(model, tensors):
    """How many weights every tensor and a node has, from the model's own header."""
    with open(pathlib.Path(model) / "model.safetensors", "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    shapes = {name.removeprefix("bert."): value["shape"] for name, value in header.items() if name != "__metadata__"}
    hidden = shapes["embeddings.word_embeddings.weight"][1]
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    # The head is not in the file, and trains whatever it scores.
    return {**{name: hidden for name in tensors}, **sizes, "node": 2 * hidden + 1}
