#!/usr/bin/env python3
"""Scores simple rules on Examples/home-commands: what a model must beat before it has understood anything.

    pip install numpy==2.4.6
    Scripts/score-home-commands.py
"""

import collections
import pathlib

import numpy

DIRECTORY = pathlib.Path(__file__).parent.parent / "Examples" / "home-commands"


def read(name):
    lines = (DIRECTORY / name).read_text(encoding="utf-8").splitlines()[1:]
    return [(line.split("\t")[0].split(), line.split("\t")[1]) for line in lines]


def accuracy(rows, predict):
    return sum(predict(words) == label for words, label in rows) / len(rows)


def majority(train):
    label = collections.Counter(label for _, label in train).most_common(1)[0][0]
    return lambda words: label


def keywords(train):
    """One keyword an intent, chosen greedily with its place in the order of rules, to fit the training sentences."""
    rules = []
    vocabulary = sorted({word for words, _ in train for word in words})
    left = train
    while True:
        found = []
        for word in vocabulary:
            counts = collections.Counter(label for words, label in left if word in words)
            for label in sorted(counts.keys() - {label for _, label in rules}):
                found.append((2 * counts[label] - counts.total(), word, label))
        if not found or max(found)[0] <= 0:
            break
        _, word, label = max(found)
        rules.append((word, label))
        left = [row for row in left if word not in row[0]]
    other = majority(left or train)([])
    return lambda words: next((label for word, label in rules if word in words), other), rules


def bag_of_words(train):
    """Multinomial logistic regression on which words occur, with an L2 penalty, by gradient descent to rest."""
    vocabulary = {word: index for index, word in enumerate(sorted({w for words, _ in train for w in words}))}
    labels = sorted({label for _, label in train})

    def features(words):
        row = numpy.zeros(len(vocabulary) + 1)
        row[[vocabulary[word] for word in words if word in vocabulary]] = 1
        row[-1] = 1
        return row

    inputs = numpy.stack([features(words) for words, _ in train])
    targets = numpy.eye(len(labels))[[labels.index(label) for _, label in train]]
    weights = numpy.zeros((inputs.shape[1], len(labels)))
    for _ in range(3000):
        scores = inputs @ weights
        odds = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        gradient = inputs.T @ (odds / odds.sum(axis=1, keepdims=True) - targets) / len(train) + 1e-4 * weights
        weights -= 0.5 * gradient
    return lambda words: labels[int(numpy.argmax(features(words) @ weights))]


def main():
    train, dev = read("train.tsv"), read("dev.tsv")
    keyword_rule, rules = keywords(train)
    print(f"train {len(train)}, dev {len(dev)}, intents {len({label for _, label in train})}")
    print("keywords: " + ", ".join(f"{word} -> {label}" for word, label in rules))
    for name, predict in [
        ("majority class", majority(train)), ("one keyword an intent", keyword_rule), ("bag of words", bag_of_words(train)),
    ]:
        print(f"{name}: train {accuracy(train, predict):.3f}, dev {accuracy(dev, predict):.3f}")


if __name__ == "__main__":
    main()
