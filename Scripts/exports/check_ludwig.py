"""Ludwig: its own freezing by expression, on the encoder in its own wrapper."""

import logging
import re
import types

import common

RAN = "`freeze_layers_regex` and `FreezeModule`, run from the package alone; the modules around the encoder are ours"
ENVIRONMENT = "torch"
UNPACKED = "ludwig==0.17.10"


def run(directory, export):
    import torch
    ludwig, settings = common.unpacked("ludwig"), export.yaml()
    wrapper, _ = common.functions(ludwig / "utils/torch_utils.py", ["FreezeModule", "freeze_parameters"],
                                  nn=torch.nn, DeveloperAPI=lambda made: made)
    freeze, _ = common.functions(ludwig / "utils/trainer_utils.py", ["freeze_layers_regex", "count_parameters"],
                                 re=re, logger=logging.getLogger("ludwig"))
    suffix = re.search(r'^FEATURE_NAME_SUFFIX = "(.*)"', (ludwig / "features/feature_utils.py").read_text(), re.M)[1]
    feature, = settings["input_features"]
    model = torch.nn.ModuleDict({"input_features": torch.nn.ModuleDict({"module_dict": torch.nn.ModuleDict({
        feature["name"] + suffix: torch.nn.ModuleDict({"encoder_obj": torch.nn.ModuleDict({
            "transformer": wrapper(common.classifier(directory).base_model,
                                   frozen=not feature["encoder"]["trainable"])})})})})})
    freeze(types.SimpleNamespace(layers_to_freeze_regex=settings["trainer"]["layers_to_freeze_regex"]), model)
    export.check(model)
    return common.trainable(model)


if __name__ == "__main__":
    common.main(run, "ludwig")
