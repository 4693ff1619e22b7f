"""Scores that say nothing, to plan with what no priming has measured."""
import json
import math
import pathlib
import random


def random_scores(primed, model, seed):
    """The text of a scores file in which every weight of a tensor, or of a node, counts the same number between 0 and 1.

    `primed` is a file of scores for the same parameters, `model` the folder of the weights.
    """
    measured = json.loads(pathlib.Path(primed).read_text())
    generator = random.Random(seed)
    change = next(measurement for measurement in measured["measurements"] if measurement["metric"] == "weight-change")
    sizes = weights(model, change["tensors"])
    measured.update(origin="given", measurements=[{
        "metric": "given",
        "tensors": {name: sizes[name] * generator.random() for name in sorted(change["tensors"])},
        "nodes": [[sizes["node"] * generator.random() for _ in layer] for layer in change["nodes"]],
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
