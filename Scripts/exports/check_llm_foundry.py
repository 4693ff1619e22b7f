"""llm-foundry: its own reading of `disable_grad`, and what the optimizer then gets."""

import logging
import re

import common

RAN = "`_extract_param_groups` of `llmfoundry/utils/builders.py`, run from the package alone on the model as `model`"
ENVIRONMENT = "torch"
UNPACKED = "llm-foundry==0.22.0"


def run(directory, export):
    import torch
    extract, = common.functions(common.unpacked("llmfoundry") / "utils/builders.py", ["_extract_param_groups"],
                                re=re, log=logging.getLogger("llmfoundry"), torch=torch)
    composer = torch.nn.Module()
    composer.model = common.classifier(directory)
    settings = export.yaml()["optimizer"]
    settings.pop("name", None)
    extract(composer, settings)
    export.check(composer)
    return common.trainable(composer)


if __name__ == "__main__":
    common.main(run, "llm-foundry")
