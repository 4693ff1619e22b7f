#!/usr/bin/env python3
"""Writes Tests/TasksTests/Fixtures/metrics.json: seeded predictions, and what scikit-learn and SciPy say of them.

    pip install scikit-learn==1.9.0 scipy==1.17.1 numpy
    Scripts/make-metric-fixtures.py
"""

import json
import pathlib
import random

import numpy
from scipy import stats
from sklearn import metrics

OUTPUT = pathlib.Path(__file__).parent.parent / "Tests" / "TasksTests" / "Fixtures" / "metrics.json"


def classes(predicted, actual):
    values = {
        "accuracy": metrics.accuracy_score(actual, predicted),
        "macro-f1": metrics.f1_score(actual, predicted, average="macro", zero_division=0),
        "matthews": metrics.matthews_corrcoef(actual, predicted),
    }
    if set(predicted) | set(actual) <= {0, 1}:
        values["f1"] = metrics.f1_score(actual, predicted, zero_division=0)
    return {"predicted": predicted, "actual": actual, "values": {k: float(v) for k, v in values.items()}}


def numbers(predicted, actual):
    pearson = float(stats.pearsonr(predicted, actual).statistic)
    spearman = float(stats.spearmanr(predicted, actual).statistic)
    values = {"pearson": pearson, "spearman": spearman, "pearson-spearman": (pearson + spearman) / 2}
    return {"predicted": predicted, "actual": actual, "values": values}


def label_sets(predicted, actual, count):
    """Examples with any number of labels, as lists of indices."""
    def matrix(rows):
        return numpy.array([[int(label in row) for label in range(count)] for row in rows])

    p, t = matrix(predicted), matrix(actual)
    values = {
        "micro-f1": metrics.f1_score(t, p, average="micro", zero_division=0),
        "macro-f1": metrics.f1_score(t, p, average="macro", zero_division=0),
        "exact-match": metrics.accuracy_score(t, p),
    }
    return {"count": count, "predicted": predicted, "actual": actual, "values": {k: float(v) for k, v in values.items()}}


def main():
    draw = random.Random(20)
    class_cases = [
        classes([1, 1, 1, 1], [0, 0, 0, 0]), classes([0, 0, 0], [0, 0, 0]), classes([1, 1, 1, 1], [0, 1, 1, 0]),
        classes([0, 1, 2, 3], [0, 1, 2, 3]), classes([1, 0], [0, 1]), classes([1], [1]),
    ]
    for count, labels in [(10, 2), (30, 2), (57, 2), (40, 3), (60, 11)]:
        actual = [draw.randrange(labels) for _ in range(count)]
        class_cases.append(classes([t if draw.random() < 0.6 else draw.randrange(labels) for t in actual], actual))
    number_cases = [numbers([1.0, 2.0, 3.0], [2.0, 4.0, 6.5]), numbers([1.0, 2.0], [5.0, -5.0])]
    for count, grid in [(5, 2), (20, 4), (50, 5), (40, 1000)]:
        actual = [draw.randrange(grid) / 4 for _ in range(count)]
        number_cases.append(numbers([round(t + draw.gauss(0, 1), 0 if grid < 10 else 3) for t in actual], actual))
    number_cases.append(numbers([1e12 + t for t in (1.0, 4.0, 2.0, 8.0)], [1e-9 * t for t in (1.0, 3.0, 2.0, 5.0)]))
    label_cases = [label_sets([[], []], [[], []], 2), label_sets([[0, 1], [1]], [[0, 1], [1]], 3), label_sets([[], [0]], [[1], []], 2)]
    for count, kinds in [(12, 2), (40, 5), (60, 9)]:
        actual = [[k for k in range(kinds) if draw.random() < 0.3] for _ in range(count)]
        predicted = [t if draw.random() < 0.3 else [k for k in range(kinds) if draw.random() < (0.7 if k in t else 0.1)] for t in actual]
        label_cases.append(label_sets(predicted, actual, kinds))
    OUTPUT.write_text(json.dumps({"classes": class_cases, "numbers": number_cases, "labels": label_cases}) + "\n")


if __name__ == "__main__":
    main()
