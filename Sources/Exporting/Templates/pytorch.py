# Made by PERMAFROST_PRODUCER from the plan whose SHA-256 is
# PERMAFROST_IDENTITY
# For Python >= 3.9, torch >= 2.0 and transformers (checked with torch 2.13, transformers 5.23). Imports torch only.
# This file is output of the program: use, change and pass it on under any terms you like.
"""Fine-tunes PERMAFROST_TITLE as planned: PERMAFROST_SHARE parameters.

    import this_file as plan

    model = PERMAFROST_CLASS.from_pretrained(...)
    plan.apply_plan(model)         # before the optimizer or Trainer is made, and before wrapping or compiling
    plan.assert_plan(model)        # raises PlanMismatch unless the plan took
    optimizer = PERMAFROST_OPTIMIZER
    ...                            # train; evaluate as usual, the model computes what it did
    plan.merge_plan(model)         # before saving: the original modules and names again
    model.save_pretrained(...)

What trains stands in TENSORS, by name. Of a feed-forward pair listed in LEARNERS only some nodes train: its linear
layers are split into a learner and a frozen part, so that frozen nodes cost neither gradients nor optimizer state
(FAR: Vucetic et al., arXiv 2205.01541).

Memory. PERMAFROST_MEMORY

Import this module before the model first runs: it keeps oneDNN from holding memory for every length of batch.

Saving policy PERMAFROST_SAVING
"""
import os
import re

# Read at the first product on a CPU. oneDNN keeps what it made for each shape, of 1,024 shapes by default: where batches differ
# in length, over 100 MB in a hundred steps. For one shape it is as quick. What you have set yourself stays.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "1")

import torch
from torch import nn

PLAN = PERMAFROST_PLAN

WHOLE, NODES, FROZEN = "whole", "nodes", "frozen"

# Every tensor of the model, named without the family's prefix: its shape, and what of it trains. NODES: of a
# feed-forward pair's first matrix and bias the rows, of its second matrix the columns, of the layer's LEARNERS.
TENSORS = PERMAFROST_TENSORS

# By layer: the nodes that train, where only some do.
LEARNERS = PERMAFROST_LEARNERS

# The encoder's name inside the task model, and a layer's feed-forward pair: first linear, activation, second linear.
BASE = PERMAFROST_BASE
PAIR = PERMAFROST_PAIR


class PlanMismatch(RuntimeError):
    """The model is not the one the plan was made for, or the plan did not take."""


def apply_plan(model):
    """Splits the pairs in LEARNERS and lets exactly the planned tensors require a gradient; changes `model` in place.

    The model computes the same function as before. Raises PlanMismatch, and changes nothing, when the model is another.
    """
    if any(isinstance(module, SplitUp) for module in model.modules()):
        raise PlanMismatch("the plan is already applied to this model; call merge_plan first")
    _compare(_tensors(model), {name: shape for name, (shape, _) in TENSORS.items()})
    for layer, learners in LEARNERS.items():
        paths, (up, activation, down) = _pair(model, layer)
        order = _order(learners, up.out_features, up.weight.device)
        _replace(model, paths, (SplitUp(up, *order), SplitActivation(activation), SplitDown(down, *order)))
    expected = expected_tensors()
    for name, tensor in _tensors(model).items():
        tensor.requires_grad_(expected[name][1])
    return model


def merge_plan(model):
    """Undoes apply_plan and keeps what was learned: original modules and names, all tensors requiring a gradient."""
    for layer, learners in LEARNERS.items():
        paths, (up, activation, down) = _pair(model, layer)
        if isinstance(up, SplitUp):
            nodes, device = up.learner.out_features + up.frozen.out_features, up.learner.weight.device
            order = torch.cat(_order(learners, nodes, device))
            _replace(model, paths, (up.merge(order), activation.function, down.merge(order)))
    return model.requires_grad_(True)


def trainable_parameters(model):
    """The tensors that train, for an optimizer without weight decay or with the same for all."""
    return [tensor for tensor in model.parameters() if tensor.requires_grad]


def parameter_groups(model, weight_decay):
    """The tensors that train as an optimizer's groups: matrices and tables decay, biases and LayerNorms do not."""
    trainable = trainable_parameters(model)
    return [
        {"params": [tensor for tensor in trainable if tensor.ndim > 1], "weight_decay": weight_decay},
        {"params": [tensor for tensor in trainable if tensor.ndim <= 1], "weight_decay": 0.0},
    ]


def recompute_layers(model):
    """Gradient checkpointing of the plan's layers, so that backward still stops below the lowest tensor that trains.

    transformers may make the embeddings' output require a gradient, which would draw backward through frozen layers.
    """
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})
    if getattr(model, "_require_grads_hook", None) is not None:
        model.disable_input_require_grads()
    layers = [module for module in model.modules()
              if any(base.__name__ == "GradientCheckpointingLayer" for base in type(module).__mro__)]
    for index, layer in enumerate(layers):
        layer.gradient_checkpointing = index in PLAN["recomputed_layers"]


def assert_plan(model):
    """Raises PlanMismatch unless the plan is in force: names, shapes, counts, and who has a gradient after a backward.

    Runs one tiny batch forward and backward; gradients, mode and random state are left as they were.
    """
    expected, tensors = expected_tensors(), _tensors(model)
    if TENSORS.keys() == tensors.keys() and LEARNERS:
        raise PlanMismatch("the plan is not applied to this model; call apply_plan first")
    _compare(tensors, {name: shape for name, (shape, _) in expected.items()})
    _refuse("requires a gradient, which the plan freezes; call apply_plan again",
            [name for name, tensor in tensors.items() if tensor.requires_grad and not expected[name][1]])
    _refuse("requires no gradient, which the plan trains; call apply_plan again",
            [name for name, tensor in tensors.items() if expected[name][1] and not tensor.requires_grad])
    count = sum(tensor.numel() for tensor in trainable_parameters(model))
    if count != PLAN["trainable_parameters"]:
        raise PlanMismatch(f"{count} parameters train, the plan trains {PLAN['trainable_parameters']}")
    reached = _reached_by_backward(model, tensors)
    _refuse("has a gradient after a backward, which the plan freezes", sorted(reached - set(_trained(expected))))
    _refuse("has no gradient after a backward, which the plan trains; for gradient checkpointing, use recompute_layers",
            [name for name in _trained(expected) if name not in reached])


def expected_tensors():
    """Every tensor of the model under the plan, pairs split: its name, shape, and whether it requires a gradient."""
    expected = {name: (shape, trains == WHOLE) for name, (shape, trains) in TENSORS.items()}
    for layer, learners in LEARNERS.items():
        up, _, down = (path.format(layer) for path in PAIR)
        (nodes, inputs), _ = expected.pop(up + ".weight")
        _, bias_is_whole = expected.pop(up + ".bias")
        (outputs, _), _ = expected.pop(down + ".weight")
        bias = expected.pop(down + ".bias")
        learner, frozen = len(learners), nodes - len(learners)
        expected[up + ".learner.weight"] = ((learner, inputs), True)
        expected[up + ".learner.bias"] = ((learner,), True)
        expected[up + ".frozen.weight"] = ((frozen, inputs), False)
        expected[up + ".frozen.bias"] = ((frozen,), bias_is_whole)
        expected[down + ".learner.weight"] = ((outputs, learner), True)
        expected[down + ".learner.bias"] = bias
        expected[down + ".frozen.weight"] = ((outputs, frozen), False)
    return expected


class SplitUp(nn.Module):
    """The first linear layer of a pair: (..., H) to the learners' (..., k) and the others' (..., F - k).

    The others' bias trains where the plan trains the whole bias.
    """

    def __init__(self, linear, learners, others):
        super().__init__()
        self.learner = _linear(linear.weight.index_select(0, learners), linear.bias.index_select(0, learners))
        self.frozen = _linear(linear.weight.index_select(0, others), linear.bias.index_select(0, others))

    def forward(self, inputs):
        return self.learner(inputs), self.frozen(inputs)

    def merge(self, order):
        back, parts = torch.argsort(order), (self.learner, self.frozen)
        return _linear(torch.cat([part.weight for part in parts]).index_select(0, back),
                       torch.cat([part.bias for part in parts]).index_select(0, back))


class SplitActivation(nn.Module):
    """The activation, on each part alone: what backward does not read of the frozen part is not saved."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, parts):
        return tuple(self.function(part) for part in parts)


class SplitDown(nn.Module):
    """The second linear layer of a pair: the sum of what the learners and the others add to (..., H)."""

    def __init__(self, linear, learners, others):
        super().__init__()
        self.learner = _linear(linear.weight.index_select(1, learners), linear.bias)
        self.frozen = _linear(linear.weight.index_select(1, others), None)

    def forward(self, parts):
        learner, frozen = parts
        return self.learner(learner) + self.frozen(frozen)

    def merge(self, order):
        weight = torch.cat([self.learner.weight, self.frozen.weight], dim=1)
        return _linear(weight.index_select(1, torch.argsort(order)), self.learner.bias)


def _linear(weight, bias):
    """A linear layer with copies of these tensors; made without drawing random numbers."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    linear.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        linear.bias = nn.Parameter(bias.detach().clone())
    return linear


def _order(learners, nodes, device):
    """The learners' and the other nodes' indices, each rising."""
    chosen = set(learners)
    others = [node for node in range(nodes) if node not in chosen]
    return torch.tensor(learners, device=device), torch.tensor(others, device=device)


def _tensors(model):
    """The model's tensors by their names without the family's prefix."""
    return {name[len(BASE) + 1:] if name.startswith(BASE + ".") else name: tensor
            for name, tensor in model.named_parameters()}


def _pair(model, layer):
    base = getattr(model, BASE, model)
    paths = [path.format(layer) for path in PAIR]
    return paths, [base.get_submodule(path) for path in paths]


def _replace(model, paths, modules):
    base = getattr(model, BASE, model)
    for path, module in zip(paths, modules):
        parent, _, name = path.rpartition(".")
        setattr(base.get_submodule(parent), name, module)


def _compare(tensors, shapes):
    """Raises unless the tensors have exactly these names and shapes."""
    found, planned = ({layer for name in names for layer in re.findall(r"\.layer\.(\d+)\.", name)}
                      for names in (tensors, shapes))
    if len(found) != len(planned):
        raise PlanMismatch(f"the model has {len(found)} layers, the plan was made for {len(planned)} ({PLAN['model']})")
    _refuse("is in the plan but not in the model", [name for name in shapes if name not in tensors])
    _refuse("is in the model but not in the plan", [name for name in tensors if name not in shapes])
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise PlanMismatch(f"'{name}' has shape {tuple(tensors[name].shape)}, the plan was made for {shape}")


def _refuse(complaint, names):
    if names:
        more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        raise PlanMismatch(f"'{names[0]}'{more} {complaint}")


def _trained(expected):
    return [name for name, (_, trains) in expected.items() if trains]


def _reached_by_backward(model, tensors):
    """The names of the tensors that have a gradient after one backward, run as in training."""
    first = next(iter(tensors.values()))
    if not trainable_parameters(model):
        return set()
    gradients, was_training = {name: tensor.grad for name, tensor in tensors.items()}, model.training
    words, positions = (TENSORS[f"embeddings.{table}_embeddings.weight"][0][0] for table in ("word", "position"))
    # RoBERTa's positions count from 2.
    ids = torch.arange(max(1, min(8, positions - 2)), device=first.device)[None] % words
    try:
        for tensor in tensors.values():
            tensor.grad = None
        model.train()
        with torch.random.fork_rng(devices=[first.device] if first.is_cuda else []), torch.enable_grad():
            model(input_ids=ids)[0].sum().backward()
        return {name for name, tensor in tensors.items() if tensor.grad is not None}
    finally:
        model.train(was_training)
        for name, tensor in tensors.items():
            tensor.grad = gradients[name]
