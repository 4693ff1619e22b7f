PERMAFROST_HEADER"""The plan with FSDP2; freeze_plan.py belongs beside this file.

    parameters = prepare(model, weight_decay=0.01)     # in every process, after torch.distributed is initialized
    optimizer = torch.optim.AdamW(parameters, lr=1e-4)
"""
from torch.distributed.fsdp import fully_shard

import freeze_plan

BATCH_SIZE = PERMAFROST_BATCH
GRADIENT_ACCUMULATION_STEPS = PERMAFROST_ACCUMULATION
MAX_GRAD_NORM = PERMAFROST_NORM
RECOMPUTES = PERMAFROST_RECOMPUTES


def prepare(model, weight_decay, **options):
    """Carries the plan out, shards layer by layer, and gives the optimizer's groups; `options` go to fully_shard."""
    freeze_plan.apply_plan(model)
    if RECOMPUTES:
        freeze_plan.recompute_layers(model)
    freeze_plan.assert_plan(model)
    for layer in layers(model):
        fully_shard(layer, **options)
    fully_shard(model, **options)
    return freeze_plan.parameter_groups(model, weight_decay)


def layers(model):
    """The encoder's layers: the parents of the feed-forward pairs' list."""
    stack = freeze_plan.PAIR[0].split(".{}.")[0]
    return getattr(model, freeze_plan.BASE, model).get_submodule(stack)
