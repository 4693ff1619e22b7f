"""ONNX Runtime's on-device training: the emitted artifacts and one step of its own module and optimizer."""

import pathlib
import sys
import types

import common

RAN = "`generate_artifacts`, then one step of `Module` and `Optimizer`; what moved"
ENVIRONMENT = "onnxruntime"

# The package imports these, which need a GPU or compile when imported; on-device training uses none of them.
for unused in ("amp", "optim", "ortmodule", "ort_triton"):
    sys.modules[f"onnxruntime.training.{unused}"] = types.ModuleType(unused)


def run(directory, export):
    import numpy
    import onnx
    import torch
    from onnxruntime.training.api import CheckpointState, Module, Optimizer
    plan, model, batch = export.module(), common.classifier(directory), common.batch()
    model.config.return_dict = False
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    torch.onnx.export(model.train(), (batch["input_ids"], batch["attention_mask"]), "model.onnx", dynamo=False,
                      input_names=["input_ids", "attention_mask"], output_names=["logits"], opset_version=14,
                      training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)
    plan.generate(plan.split(onnx.load("model.onnx")), "artifacts")
    folder = pathlib.Path("artifacts")
    state = CheckpointState.load_checkpoint(str(folder / "checkpoint"))
    module = Module(str(folder / "training_model.onnx"), state, str(folder / "eval_model.onnx"))
    optimizer = Optimizer(str(folder / "optimizer_model.onnx"), module)
    before = {name: numpy.array(tensor.data) for name, tensor in state.parameters}
    trained = {name: int(tensor.data.size) for name, tensor in state.parameters if tensor.requires_grad}
    module.train()
    module(*[batch[name].numpy() for name in ("input_ids", "attention_mask", "labels")])
    optimizer.step()
    changed = {name for name, tensor in state.parameters if (tensor.data != before[name]).any()}
    common.require_moved(trained, changed)
    export.check(trained)
    return trained


if __name__ == "__main__":
    common.main(run, "onnxruntime-training-cpu", "onnx")
