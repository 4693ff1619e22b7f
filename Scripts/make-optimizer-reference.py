#!/usr/bin/env python3
"""Writes the reference values of optimizers and weight formats that KernelsTests compare with.

    pip install torch==2.13.0 transformers==5.23.0 bitsandbytes==0.50.2 numpy
    python3 Scripts/make-optimizer-reference.py Tests/KernelsTests/Fixtures/optimizers.json

Adafactor is transformers' own, as its Trainer configures it; the values of 8-bit states are those of bitsandbytes; 16-bit
formats are PyTorch's; Lion, AdamW over rounded states and the 8-bit weights are stated in numpy from their papers.
"""
import json
import math
import sys

import numpy as np
import torch
from bitsandbytes import functional as bitsandbytes
from transformers import Adafactor

F = np.float32


def floats(values):
    """The shortest decimals that give back the same float32."""
    return [float(str(F(v))) for v in np.asarray(values, dtype=F).reshape(-1)]


def adafactor(shape, gradients, learning_rate, weight_decay, seed):
    start = torch.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(F))
    parameter = torch.nn.Parameter(start.clone())
    optimizer = Adafactor([parameter], lr=learning_rate, weight_decay=weight_decay, scale_parameter=False, relative_step=False,
                          warmup_init=False)
    steps = []
    for gradient in gradients:
        parameter.grad = torch.from_numpy(gradient.astype(F))
        optimizer.step()
        state = optimizer.state[parameter]
        states = [state["exp_avg_sq_row"], state["exp_avg_sq_col"]] if len(shape) == 2 else [state["exp_avg_sq"]]
        steps.append(dict(gradient=floats(gradient), parameters=floats(parameter.detach()), states=[floats(s) for s in states]))
    return dict(shape=list(shape), learningRate=learning_rate, weightDecay=weight_decay, start=floats(start), steps=steps)


def adafactor_cases():
    random = np.random.default_rng(3)
    normal = lambda shape: random.standard_normal(shape)
    sparse = [np.where(np.arange(6)[:, None] % 3 == step % 3, normal((6, 5)), 0) for step in range(4)]
    # Beyond 1e3 a row that has only zeros makes transformers' ratio of row states zero and its update NaN.
    wild = normal((4, 6)) * np.array([[0], [1e-40], [1e-18], [1e3]])
    wild[:, 2] = 0
    return [
        adafactor((7, 5), [normal((7, 5)) for _ in range(4)], 1e-2, 0.1, 1),
        adafactor((3, 70), [normal((3, 70)) * s for s in (1e-3, 10, 1, 0)], 1e-2, 0.0, 2),
        adafactor((6, 5), sparse, 0.05, 0.0, 3),
        adafactor((4, 6), [wild, wild[::-1].copy(), wild * 0], 1e-2, 0.01, 4),
        adafactor((11,), [normal(11) for _ in range(4)], 1e-2, 0.1, 5),
        adafactor((4,), [np.array([0, 1e-40, 1e-18, 1e15]), np.array([1e15, 0, 1e-40, 1])], 1e-2, 0.0, 6),
    ]


def lion():
    """Algorithm 2 of arXiv:2302.06675 in double precision."""
    random = np.random.default_rng(7)
    rate, beta1, beta2, decay = 1e-2, 0.9, 0.99, 0.1
    p, m = random.standard_normal(9), np.zeros(9)
    p[8] = 0
    start, steps = floats(p), []
    p = np.array(start)
    for _ in range(4):
        g = np.array(floats(random.standard_normal(9)))
        g[8] = 0
        update = np.sign(beta1 * m + (1 - beta1) * g) + decay * p
        p = p - rate * update
        m = beta2 * m + (1 - beta2) * g
        steps.append(dict(gradient=floats(g), parameters=floats(p), states=[floats(m)]))
    return dict(shape=[9], learningRate=rate, weightDecay=decay, start=start, steps=steps)


def nearest(values, block):
    """The nearest value to each element of a block, by search (arXiv:2110.02861, section 2.1)."""
    greatest = np.abs(block).max()
    if greatest == 0:
        return np.zeros_like(block)
    return greatest * values[np.abs(block[:, None] / greatest - values[None, :]).argmin(1)]


def round_blocks(values, x):
    return np.concatenate([nearest(values, x[at:at + 256]) for at in range(0, len(x), 256)])


def check_bitsandbytes(values, x, rounded):
    """Its rounding on the CPU agrees from 1/1000 of a block's greatest magnitude on; below, it looks codes up in equal steps and misses."""
    codes, state = bitsandbytes.quantize_blockwise(torch.from_numpy(x), code=values, blocksize=256)
    theirs = bitsandbytes.dequantize_blockwise(codes, state).numpy()
    large = np.abs(x) > 1e-3 * np.repeat(state.absmax.numpy(), 256)[:len(x)]
    assert large.sum() > 50 and np.allclose(theirs[large], rounded[large], rtol=1e-6, atol=0)


def eight_bit_adamw(signed, unsigned):
    random = np.random.default_rng(11)
    count, rate, beta1, beta2, epsilon, decay = 300, 1e-2, 0.9, 0.999, 1e-8, 0.1
    start = floats(random.standard_normal(count))
    p, m, v, steps = np.array(start), np.zeros(count), np.zeros(count), []
    for step in range(1, 4):
        g = np.array(floats(random.standard_normal(count) * np.exp(3 * random.standard_normal(count))))
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        p = p * (1 - rate * decay) - rate * (m / (1 - beta1 ** step)) / (np.sqrt(v / (1 - beta2 ** step)) + epsilon)
        m, v = round_blocks(signed, m), round_blocks(unsigned, v)
        steps.append(dict(gradient=floats(g), parameters=floats(p), states=[floats(m), floats(v)]))
    return dict(shape=[count], learningRate=rate, weightDecay=decay, start=start, steps=steps)


def eight_bit():
    maps = {signed: bitsandbytes.create_dynamic_map(signed=signed) for signed in (True, False)}
    random = np.random.default_rng(9)
    x = (random.standard_normal(600) * np.exp(4 * random.standard_normal(600))).astype(F)
    x[[3, 300]] = 0
    rounded = {}
    for signed, values in maps.items():
        source = x if signed else np.abs(x)
        rounded[signed] = round_blocks(values.double().numpy(), source.astype(np.float64))
        check_bitsandbytes(values, source, rounded[signed])
    return dict(
        signed=floats(maps[True]), unsigned=floats(maps[False]), x=floats(x), roundedSigned=floats(rounded[True]),
        roundedUnsigned=floats(rounded[False]),
        adamW=eight_bit_adamw(maps[True].double().numpy(), maps[False].double().numpy()))


def sixteen_bit():
    """Bits of float32 values, and what PyTorch rounds them to: each rounding case of both formats, and random ones."""
    bits = [0, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x7f800000, 0x33000000, 0x33000001, 0x33800000, 0x337fffff, 0x387fe000,
            0x387fefff, 0x387ff000, 0x38800000, 0x38801000, 0x38801001, 0x38803000, 0x477fe000, 0x477fefff, 0x477ff000, 0x47800000,
            0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x3f800fff, 0x3f801000, 0x3f803000, 0x7f7f8000, 0x7f7f7fff]
    random = np.random.default_rng(13)
    bits += [b | 0x80000000 for b in bits] + random.integers(0, 0x7f800000, 40).tolist()
    bits += [int(b) for b in (2 ** random.uniform(-27, 17, 60)).astype(F).view(np.uint32)]
    x = torch.from_numpy(np.array(bits, dtype=np.uint32).view(F))
    pattern = lambda kind: x.to(kind).view(torch.int16).numpy().view(np.uint16).tolist()
    return dict(bits=bits, bfloat16=pattern(torch.bfloat16), float16=pattern(torch.float16))


def int8():
    random = np.random.default_rng(17)
    rows, columns = 3, 130
    x = (random.standard_normal((rows, columns)) * 10.0 ** random.integers(-3, 3, (rows, columns))).astype(F)
    x[1, 64:128] = 0
    codes, scales = [], []
    for row in x:
        for at in range(0, columns, 64):
            block = row[at:at + 64]
            scale = np.abs(block).max() / F(127)
            scales.append(scale)
            codes += (np.rint(block / scale) if scale else block).astype(int).tolist()
    return dict(rows=rows, columns=columns, x=floats(x), codes=codes, scales=floats(scales))


def main(path):
    reference = dict(adafactor=adafactor_cases(), lion=lion(), eightBit=eight_bit(), sixteenBit=sixteen_bit(), int8=int8())
    assert all(math.isfinite(v) for case in reference["adafactor"] for step in case["steps"] for v in step["parameters"])
    with open(path, "w") as file:
        json.dump(reference, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
