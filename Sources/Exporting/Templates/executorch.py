PERMAFROST_HEADER"""The plan with ExecuTorch; freeze_plan.py belongs beside this file.

    program = export_training(model, labels=torch.zeros(BATCH_SIZE, dtype=torch.long))
    open("tuned.pte", "wb").write(program.buffer)
"""
import torch
from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge
from torch.export import export
from torch.export.experimental import _export_forward_backward
from torch.nn.attention import SDPBackend, sdpa_kernel

import freeze_plan

BATCH_SIZE, SEQUENCE = PERMAFROST_BATCH, PERMAFROST_SEQUENCE


class WithLoss(torch.nn.Module):
    """Loss first, as the export of a backward wants it, then the logits."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, labels):
        output = self.model(input_ids=input_ids, attention_mask=attention_mask, labels=labels)
        return output.loss, output.logits.detach()


def export_training(model, labels):
    """The training program of a transformers model under the plan, for batches of (BATCH_SIZE, SEQUENCE) tokens."""
    freeze_plan.apply_plan(model)
    freeze_plan.assert_plan(model)
    tokens = torch.ones(BATCH_SIZE, SEQUENCE, dtype=torch.long)
    with sdpa_kernel(SDPBackend.MATH):  # ExecuTorch has no kernel for the backward of fused attention.
        joint = _export_forward_backward(export(WithLoss(model), (tokens, tokens, labels), strict=False))
    edge = to_edge(joint, compile_config=EdgeCompileConfig(_check_ir_validity=False))
    return edge.to_executorch(ExecutorchBackendConfig())
