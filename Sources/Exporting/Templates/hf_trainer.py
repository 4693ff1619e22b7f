PERMAFROST_HEADER"""The plan with Hugging Face's Trainer; freeze_plan.py belongs beside this file.

    from hf_trainer_plan import ARGUMENTS, FreezePlan

    trainer = Trainer(model, TrainingArguments("out", learning_rate=1e-4, **ARGUMENTS), callbacks=[FreezePlan()], ...)
    trainer.train()
    trainer.save_model("tuned")    # the original modules and names: the callback merges what it split
"""
from transformers import TrainerCallback

import freeze_plan

# For transformers.TrainingArguments; what the plan does not decide is left to you.
ARGUMENTS = PERMAFROST_ARGUMENTS

RECOMPUTES = PERMAFROST_RECOMPUTES


class FreezePlan(TrainerCallback):
    """Prepares the model when the Trainer is made, checks it when training starts, and merges it when training ends."""

    def on_init_end(self, args, state, control, model=None, **kwargs):
        freeze_plan.apply_plan(model)
        if RECOMPUTES:
            freeze_plan.recompute_layers(model)

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        freeze_plan.assert_plan(model)

    def on_train_end(self, args, state, control, model=None, **kwargs):
        freeze_plan.merge_plan(model)
