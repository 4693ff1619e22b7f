"""mlx-lm: its own command on the emitted file; only the model and the data are ours."""

import sys

import common

RAN = "`mlx_lm.lora.main()` on the file, one step, on a module with the encoder's tensors; what moved"
ENVIRONMENT = "mlx"


def encoder(directory):
    """An mlx module with the checkpoint's names and blocks; every tensor takes part in its logits."""
    import mlx.core as mx
    import mlx.nn as nn
    from mlx.utils import tree_flatten

    class Part(nn.Module):
        pass

    class Model(Part):
        @property
        def layers(self):
            stack = next(self[name] for name in self if "layer" in self[name].get("transformer", self[name].get("encoder", {})))
            return stack.get("transformer", stack.get("encoder"))["layer"]

        def __call__(self, tokens):
            value = sum((tensor ** 2).mean() for _, tensor in tree_flatten(self.parameters()))
            return value * mx.arange(64).astype(mx.float32) / 64 + mx.zeros((*tokens.shape, 64))

    model = Model()
    for name, tensor in mx.load(f"{directory}/model.safetensors").items():
        *path, leaf = name.split(".")
        module = model
        for part, following in zip(path, path[1:] + [""]):
            if part.isdigit():
                while len(module) <= int(part):
                    module.append(Part())
                module = module[int(part)]
            else:
                if part not in module:
                    module[part] = [] if following.isdigit() else Part()
                module = module[part]
        module[leaf] = tensor
    return model


def run(directory, export):
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm import lora
    model, rows = encoder(directory), [([1, 2, 3, 4, 5, 6], 0)] * 16
    before = {name: mx.array(tensor) for name, tensor in tree_flatten(model.parameters())}
    lora.load = lambda *_, **__: (model, None)
    lora.load_dataset = lambda *_, **__: (rows, rows, rows)
    steps = export.yaml()["grad_accumulation_steps"]  # The optimizer updates after so many.
    sys.argv = ["mlx_lm.lora", "--config", str(export.file), "--iters", str(steps), "--val-batches", "1",
                "--learning-rate", "0.01", "--adapter-path", "adapters"]
    lora.CacheDataset = list  # Rows are tokens already.
    lora.main()
    trained = {name: tensor.size for name, tensor in tree_flatten(model.trainable_parameters())}
    common.require_moved(trained, {name for name, tensor in tree_flatten(model.parameters())
                                   if not mx.array_equal(tensor, before[name])})
    export.check(trained)
    return trained


if __name__ == "__main__":
    common.main(run, "mlx-lm", "mlx")
