"""Accelerate: the emitted preparation, `Accelerator.prepare`, and one step."""

import common

RAN = "`Accelerator.prepare` and one AdamW step; what moved"
ENVIRONMENT = "torch"


def run(directory, export):
    import torch
    from accelerate import Accelerator
    plan, model = export.module(), common.classifier(directory)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=plan.GRADIENT_ACCUMULATION_STEPS)
    parameters = plan.prepare(model, weight_decay=0.01)
    model, optimizer = accelerator.prepare(model, torch.optim.AdamW(parameters, lr=1e-2))
    export.check(model)
    found = common.trainable(model)
    with common.only_trained_moves(model):
        accelerator.backward(model(**common.batch()).loss)
        optimizer.step()
    plan.finish(accelerator.unwrap_model(model))
    return found


if __name__ == "__main__":
    common.main(run, "accelerate")
