#!/usr/bin/env python3
"""How alike two score files are, metric by metric.

    python3 Benchmarks/compare-scores.py A.json B.json

Groups: Spearman's rank correlation of the scores of tensors, each layer's nodes counting as one, without the head; and the total variation distance of their shares of the
score (0 is the same, 1 has nothing in common). Nodes: of the best tenth of each layer's by A, how many are among B's best tenth; by chance a tenth.
"""
import json
import sys


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in range(start, end + 1):
            result[order[place]] = (start + end) / 2
        start = end + 1
    return result


def correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    return covariance / (sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)) ** 0.5


def groups(measurement):
    tensors = [score for name, score in sorted(measurement["tensors"].items()) if not name.startswith("classifier.")]
    values = tensors + [sum(layer) for layer in measurement["nodes"]]
    return values, [value / sum(values) for value in values]


def best(layer):
    return set(sorted(range(len(layer)), key=lambda node: -layer[node])[:max(1, len(layer) // 10)])


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    a, b = ({m["metric"]: m for m in json.load(open(path))["measurements"]} for path in sys.argv[1:])
    print("| metric | groups, rank correlation | groups, distance of shares | best tenth of the nodes in common |")
    print("|---|---|---|---|")
    for metric in (metric for metric in a if metric in b):
        (values_a, shares_a), (values_b, shares_b) = groups(a[metric]), groups(b[metric])
        common = [len(best(x) & best(y)) / len(best(x)) for x, y in zip(a[metric]["nodes"], b[metric]["nodes"])]
        distance = sum(abs(x - y) for x, y in zip(shares_a, shares_b)) / 2
        print(f"| {metric} | {correlation(ranks(values_a), ranks(values_b)):.3f} | {distance:.3f} | {100 * sum(common) / len(common):.0f} % |")


main()
