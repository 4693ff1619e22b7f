"""FSDP2: the emitted preparation in one process on the CPU, and one step."""

import os

import common

RAN = "`fully_shard` in one gloo process on the CPU, one AdamW step; what moved"
ENVIRONMENT = "torch"
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29512", RANK="0", LOCAL_RANK="0", WORLD_SIZE="1")


def run(directory, export):
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    plan, model = export.module(), common.classifier(directory)
    parameters = plan.prepare(model, weight_decay=0.01, mesh=init_device_mesh("cpu", (1,)))
    export.check(model)
    optimizer = torch.optim.AdamW(parameters, lr=1e-2)
    with common.only_trained_moves(model):
        model(**common.batch()).loss.backward()
        optimizer.step()
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "torch")
