"""torchtune: its own instantiation of the emitted optimizer, and one step."""

import common

RAN = "`config.instantiate` of the optimizer as its recipes call it, one step on a module with the model's tensors; nothing in the file freezes"
ENVIRONMENT = "torchtune"


def run(directory, export):
    import torch
    from omegaconf import OmegaConf
    from torchtune import config
    from safetensors.torch import load_file
    settings = OmegaConf.load(export.file)
    model = torch.nn.Module()
    for name, values in load_file(f"{directory}/model.safetensors").items():
        *path, leaf = name.split(".")
        module = model
        for part in path:
            if part not in module._modules:
                module.add_module(part, torch.nn.Module())
            module = module._modules[part]
        module.register_parameter(leaf, torch.nn.Parameter(values))
    optimizer = config.instantiate(settings.optimizer, model.parameters(), lr=1e-2)
    export.check(model)
    with common.only_trained_moves(model):
        sum((tensor ** 2).sum() for tensor in model.parameters()).backward()
        optimizer.step()
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "torchtune", "torch")
