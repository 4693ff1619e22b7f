"""ExecuTorch: the emitted export, loaded by its training runtime, and one step of its optimizer."""

import common

RAN = "the export of forward and backward, its training module on one batch, one step of its SGD; what moved"
ENVIRONMENT = "executorch"


def run(directory, export):
    import torch
    from executorch.extension.training import _load_for_executorch_for_training_from_buffer, get_sgd_optimizer
    plan, model = export.module(), common.classifier(directory)
    batch = common.batch(plan.BATCH_SIZE, plan.SEQUENCE)
    program = plan.export_training(model, labels=batch["labels"])
    module = _load_for_executorch_for_training_from_buffer(program.buffer)
    module.forward_backward("forward", [batch[name] for name in ("input_ids", "attention_mask", "labels")])
    parameters, gradients = module.named_parameters(), module.named_gradients()
    before = {name: tensor.clone() for name, tensor in parameters.items()}
    get_sgd_optimizer(parameters, lr=1.0).step(gradients)
    common.require_moved(gradients, {name for name, tensor in parameters.items() if (tensor != before[name]).any()})
    return {name.removeprefix("model."): gradient.numel() for name, gradient in gradients.items()}


if __name__ == "__main__":
    common.main(run, "executorch", "torch")
