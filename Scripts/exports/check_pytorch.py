"""PyTorch: the emitted module on transformers' model, and one step of AdamW."""

import common

RAN = "`apply_plan`, `assert_plan`, one AdamW step; what moved"
ENVIRONMENT = "torch"


def run(directory, export):
    import torch
    plan, model = export.module(), common.classifier(directory)
    plan.apply_plan(model)
    plan.assert_plan(model)
    export.check(model)
    optimizer = torch.optim.AdamW(plan.parameter_groups(model, weight_decay=0.01), lr=1e-2)
    with common.only_trained_moves(model):
        model(**common.batch()).loss.backward()
        optimizer.step()
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "torch", "transformers")
