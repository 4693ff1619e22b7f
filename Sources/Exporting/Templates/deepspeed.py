PERMAFROST_HEADER"""The plan with DeepSpeed; freeze_plan.py belongs beside this file.

    parameters = prepare(model, weight_decay=0.01)
    engine, optimizer, _, _ = deepspeed.initialize(
        model=model, config=CONFIG, optimizer=torch.optim.AdamW(parameters, lr=1e-4))
"""
import freeze_plan

CONFIG = {
    "train_micro_batch_size_per_gpu": PERMAFROST_BATCH,
    "gradient_accumulation_steps": PERMAFROST_ACCUMULATION,
    "gradient_clipping": PERMAFROST_NORM,
    "zero_optimization": {"stage": 2, "reduce_bucket_size": PERMAFROST_BUCKET},
    "zero_allow_untested_optimizer": True,
}
RECOMPUTES = PERMAFROST_RECOMPUTES


def prepare(model, weight_decay):
    """Carries the plan out on a model, before deepspeed.initialize, and gives the optimizer's parameter groups."""
    freeze_plan.apply_plan(model)
    if RECOMPUTES:
        freeze_plan.recompute_layers(model)
    freeze_plan.assert_plan(model)
    return freeze_plan.parameter_groups(model, weight_decay)
