#!/usr/bin/env python3
"""Writes Tests/TrainingTests/Fixtures/schedules.json: learning-rate factors as transformers computes them.

    pip install torch==2.13.0 transformers==5.23.0
    Scripts/make-schedule-fixtures.py
"""

import json
import math
import pathlib

import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

OUTPUT = pathlib.Path(__file__).parent.parent / "Tests" / "TrainingTests" / "Fixtures" / "schedules.json"


def factors(schedule, steps, warmup):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    make = {
        "constant": lambda: get_constant_schedule_with_warmup(optimizer, warmup),
        "linear": lambda: get_linear_schedule_with_warmup(optimizer, warmup, steps),
        "cosine": lambda: get_cosine_schedule_with_warmup(optimizer, warmup, steps),
    }
    factor = make[schedule]().lr_lambdas[0]
    return [float(factor(step)) for step in range(steps)]


def main():
    cases = []
    for steps, share in [(1, 0), (1, 0.1), (3, 0.1), (10, 0), (10, 0.1), (25, 0.06), (40, 0.5), (7, 1)]:
        warmup = math.ceil(steps * share)
        for schedule in ["constant", "linear", "cosine"]:
            cases.append({
                "schedule": schedule, "steps": steps, "share": share, "warmup": warmup,
                "factors": factors(schedule, steps, warmup),
            })
    OUTPUT.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
