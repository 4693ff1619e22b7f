"""PEFT: `get_peft_model` on the emitted adapter, and one step."""

import common

RAN = "`PeftConfig.from_pretrained`, `get_peft_model`, one AdamW step; what moved"
ENVIRONMENT = "torch"


def run(directory, export):
    import torch
    from peft import PeftConfig, get_peft_model
    model = get_peft_model(common.classifier(directory), PeftConfig.from_pretrained(export.folder))
    export.check(model)
    optimizer = torch.optim.AdamW([tensor for tensor in model.parameters() if tensor.requires_grad], lr=1e-2)
    with common.only_trained_moves(model):
        model(**common.batch()).loss.backward()
        optimizer.step()
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "peft")
