"""ExecuTorch: the emitted export, loaded by its training runtime."""

import common

RAN = "the export of forward and backward; its training module's `named_gradients` after one batch"
ENVIRONMENT = "executorch"


def run(directory, export):
    import torch
    from executorch.extension.training import _load_for_executorch_for_training_from_buffer
    plan, model = export.module(), common.classifier(directory)
    batch = common.batch(plan.BATCH_SIZE, plan.SEQUENCE)
    program = plan.export_training(model, labels=batch["labels"])
    module = _load_for_executorch_for_training_from_buffer(program.buffer)
    module.forward_backward("forward", [batch[name] for name in ("input_ids", "attention_mask", "labels")])
    return {name.removeprefix("model."): gradient.numel() for name, gradient in module.named_gradients("forward").items()}


if __name__ == "__main__":
    common.main(run, "executorch", "torch")
