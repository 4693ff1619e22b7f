PERMAFROST_HEADER"""The plan with Accelerate; freeze_plan.py belongs beside this file.

    accelerator = Accelerator(gradient_accumulation_steps=GRADIENT_ACCUMULATION_STEPS)
    parameters = prepare(model, weight_decay=0.01)          # before accelerator.prepare
    model, optimizer, data = accelerator.prepare(model, torch.optim.AdamW(parameters, lr=1e-4), data)
    ...                                                     # if MAX_GRAD_NORM: accelerator.clip_grad_norm_(...)
    model = finish(accelerator.unwrap_model(model))         # the original modules and names
"""
import freeze_plan

BATCH_SIZE = PERMAFROST_BATCH
GRADIENT_ACCUMULATION_STEPS = PERMAFROST_ACCUMULATION
MAX_GRAD_NORM = PERMAFROST_NORM
RECOMPUTES = PERMAFROST_RECOMPUTES


def prepare(model, weight_decay):
    """Carries the plan out on a model, checks that it took, and gives the optimizer's parameter groups."""
    freeze_plan.apply_plan(model)
    if RECOMPUTES:
        freeze_plan.recompute_layers(model)
    freeze_plan.assert_plan(model)
    return freeze_plan.parameter_groups(model, weight_decay)


def finish(model):
    """The model with the original modules and names, and what was learned."""
    return freeze_plan.merge_plan(model)
