"""DeepSpeed: `initialize` with the emitted configuration on the CPU, one process, and one step."""

import os
import pathlib
import sys

import common

RAN = "`deepspeed.initialize` on one CPU process with the emitted configuration (ZeRO 2), one step; what moved"
ENVIRONMENT = "deepspeed"
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511", RANK="0", LOCAL_RANK="0", WORLD_SIZE="1",
                  DS_ACCELERATOR="cpu", TORCH_EXTENSIONS_DIR=f"{sys.prefix}/extensions",
                  PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")  # ninja, for its kernels


def run(directory, export):
    import deepspeed
    import torch
    plan, model = export.module(), common.classifier(directory)
    parameters = plan.prepare(model, weight_decay=0.01)
    deepspeed.init_distributed("gloo")
    engine, *_ = deepspeed.initialize(model=model, config=plan.CONFIG, optimizer=torch.optim.AdamW(parameters, lr=1e-2))
    export.check(engine)
    with common.only_trained_moves(engine.module):
        for _ in range(plan.CONFIG["gradient_accumulation_steps"]):
            engine.backward(engine(**common.batch()).loss)
            engine.step()
    return common.trainable(engine.module)


if __name__ == "__main__":
    common.main(run, "deepspeed")
