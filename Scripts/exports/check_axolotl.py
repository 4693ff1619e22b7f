"""Axolotl: its own `freeze.py` on the emitted expressions."""

import importlib.util
import logging
import sys
import types

import common

RAN = "`freeze_layers_except` of `axolotl/utils/freeze.py`, run from the package without what it depends on"
ENVIRONMENT = "torch"
UNPACKED = "axolotl==0.21.0"


def run(directory, export):
    stubs = {"axolotl": {}, "axolotl.utils": {}, "axolotl.utils.distributed": {"is_main_process": lambda: True},
             "axolotl.utils.logging": {"get_logger": logging.getLogger}}
    for name, members in stubs.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(members)
    spec = importlib.util.spec_from_file_location("freeze", common.unpacked("axolotl") / "utils/freeze.py")
    freeze = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(freeze)
    model = common.classifier(directory)
    freeze.freeze_layers_except(model, export.yaml()["unfrozen_parameters"])
    export.check(model)
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "axolotl")
