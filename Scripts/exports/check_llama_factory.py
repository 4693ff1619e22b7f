"""LLaMA-Factory: its own arguments and its own freeze tuning."""

import dataclasses
import importlib.util
import logging
import re
import sys

import common

RAN = "`FinetuningArguments` and `_setup_freeze_tuning` of `llamafactory/model/adapter.py`, run from the package alone"
ENVIRONMENT = "torch"
UNPACKED = "llamafactory==0.9.5"


def run(directory, export):
    import torch
    factory = common.unpacked("llamafactory")
    spec = importlib.util.spec_from_file_location("finetuning_args", factory / "hparams/finetuning_args.py")
    arguments = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = arguments
    spec.loader.exec_module(arguments)
    forbidden, = common.functions(factory / "model/model_utils/visual.py", ["get_forbidden_modules"], COMPOSITE_MODELS={})
    logger = logging.getLogger("llamafactory")
    logger.info_rank0 = logger.info
    setup, = common.functions(factory / "model/adapter.py", ["_setup_freeze_tuning"], re=re, torch=torch, logger=logger,
                              COMPOSITE_MODELS={}, get_forbidden_modules=forbidden)
    names = {field.name for field in dataclasses.fields(arguments.FinetuningArguments)}
    settings = {name: value for name, value in export.yaml().items() if name in names}
    model = common.classifier(directory)
    setup(model, arguments.FinetuningArguments(**settings), is_trainable=True, cast_trainable_params_to_fp32=True)
    export.check(model)
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "llamafactory")
