"""Hugging Face's Trainer: one step of `train()` with the emitted callback and arguments."""

import common

RAN = "`Trainer.train()`, one step; what moved"
ENVIRONMENT = "torch"


def run(directory, export):
    import torch
    from transformers import Trainer, TrainerCallback, TrainingArguments
    plan, model, found = export.module(), common.classifier(directory), {}

    class Watch(TrainerCallback):
        """Before the emitted callback merges what it split."""

        def on_train_begin(self, *_, **__):
            export.check(model)
            found.update(common.trainable(model))
            self.watch = common.only_trained_moves(model)
            self.watch.__enter__()

        def on_step_end(self, *_, **__):
            self.watch.__exit__(None, None, None)

    batch = common.batch()
    rows = [{name: values[row] for name, values in batch.items()} for row in range(4)]
    arguments = TrainingArguments("out", learning_rate=1e-2, max_steps=1, use_cpu=True, report_to=[], save_strategy="no",
                                  disable_tqdm=True, **plan.ARGUMENTS)
    Trainer(model, arguments, callbacks=[plan.FreezePlan(), Watch()], train_dataset=rows).train()
    return found


if __name__ == "__main__":
    common.main(run, "transformers")
