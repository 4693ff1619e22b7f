"""ms-swift: its own freezing by ratio and activating by expression, in the order of its full tuning."""

import bisect
import contextlib
import logging
import re

import common

RAN = "`freeze_parameters` and `activate_parameters` of `swift/utils/transformers_utils.py`, run from the package alone"
ENVIRONMENT = "torch"
UNPACKED = "ms-swift==4.6.0"


def run(directory, export):
    import numpy
    from transformers.integrations import is_deepspeed_zero3_enabled
    freeze, activate, _ = common.functions(
        common.unpacked("swift") / "utils/transformers_utils.py",
        ["freeze_parameters", "activate_parameters", "get_n_params_grads"],
        np=numpy, bisect_right=bisect.bisect_right, re=re, logger=logging.getLogger("swift"),
        is_deepspeed_zero3_enabled=is_deepspeed_zero3_enabled, nullcontext=contextlib.nullcontext)
    model, settings = common.classifier(directory), export.yaml()
    assert settings["tuner_type"] == "full"
    freeze(model, settings["freeze_parameters_ratio"], settings.get("freeze_parameters", []))
    activate(model, settings.get("trainable_parameters", []), settings.get("trainable_parameters_regex"))
    export.check(model)
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "ms-swift")
