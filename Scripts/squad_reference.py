"""SQuAD's windows, labels, answers and scores, written from their definitions for comparison with the program.

Windows come from transformers' or tokenizers' own truncation; the rest follows transformers' run_qa.py and utils_qa.py
(https://github.com/huggingface/transformers/tree/main/examples/pytorch/question-answering) and the official
evaluate-v1.1.py and evaluate-v2.0.py (https://rajpurkar.github.io/SQuAD-explorer/).
"""

import collections
import json
import re
import string

import numpy


def questions(path):
    """Yields (id, question, context, answers) with answers as pairs of text and start."""
    with open(path, encoding="utf-8") as file:
        for article in json.load(file)["data"]:
            for paragraph in article["paragraphs"]:
                for qa in paragraph["qas"]:
                    answers = [(a["text"], a["answer_start"]) for a in qa["answers"]]
                    yield qa["id"], qa["question"].lstrip(), paragraph["context"], answers


def windows(tokenizer, question, context, length, stride):
    """The encodings of `tokenizers`, whose padding is off."""
    tokenizer.enable_truncation(length, stride=stride, strategy="only_second")
    encoding = tokenizer.encode(question, context)
    return [encoding] + encoding.overflowing


def label(encoding, answers):
    """run_qa.py's start and end, and whether its start ran past the paragraph (then the last token is returned)."""
    if not answers:
        return (0, 0), False
    text, start = answers[0]
    end = start + len(text)
    inside = [i for i, sequence in enumerate(encoding.sequence_ids) if sequence == 1]
    offsets = encoding.offsets
    if not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:
        return (0, 0), False
    first = inside[0]
    while first < len(offsets) and offsets[first][0] <= start:
        first += 1
    last = inside[-1]
    while offsets[last][1] >= end:
        last -= 1
    overran = first - 1 > inside[-1]
    return (min(first - 1, inside[-1]), last + 1), overran


def seeded_logits(window, encoding_length, span):
    """Two float32 a token, exact in both languages; two windows in three have high ones at their label."""
    index = numpy.arange(2 * encoding_length, dtype=numpy.uint64) + numpy.uint64(window * 100_003)
    mixed = index + numpy.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> numpy.uint64(31)
    logits = ((mixed >> numpy.uint64(40)).astype(numpy.float32) / numpy.float32(2**20)).reshape(-1, 2)
    if window % 3:
        logits[span[0], 0] += numpy.float32(12)
        logits[span[1], 1] += numpy.float32(12)
    return logits


def decode(context, features, version2, n_best=20, longest=30, threshold=0.0):
    """utils_qa.py's answer from (encoding, logits) of a question's windows: the text, the best text, the score of none."""
    null, candidates = None, []
    for encoding, logits in features:
        start, end = logits[:, 0], logits[:, 1]
        if null is None or null > start[0] + end[0]:
            null = start[0] + end[0]
        context_tokens = [sequence == 1 for sequence in encoding.sequence_ids]
        starts = numpy.argsort(start, kind="stable")[-1 : -n_best - 1 : -1].tolist()
        ends = numpy.argsort(end, kind="stable")[-1 : -n_best - 1 : -1].tolist()
        for s in starts:
            for e in ends:
                if context_tokens[s] and context_tokens[e] and s <= e < s + longest:
                    span = context[encoding.offsets[s][0] : encoding.offsets[e][1]]
                    candidates.append((start[s] + end[e], start[s], end[e], span))
    if version2:
        candidates.append((null, None, None, ""))
    candidates = sorted(candidates, key=lambda c: c[0], reverse=True)[:n_best]
    if not candidates or (len(candidates) == 1 and candidates[0][3] == ""):
        candidates.insert(0, (0.0, numpy.float32(0), numpy.float32(0), "empty"))
    if not version2:
        return candidates[0][3], candidates[0][3], 0.0
    _, s, e, best = next(c for c in candidates if c[3])
    difference = null - s - e
    return "" if difference > threshold else best, best, float(difference)


def normalize(answer):
    text = "".join(c for c in answer.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(prediction, gold, version2):
    predicted, true = normalize(prediction).split(), normalize(gold).split()
    if version2 and (not predicted or not true):
        return float(predicted == true)
    common = sum((collections.Counter(predicted) & collections.Counter(true)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(true)
    return 2 * precision * recall / (precision + recall)


def agreement(prediction, gold, version2):
    if version2:
        gold = [text for text in gold if normalize(text)] or [""]
    exact = max(float(normalize(prediction) == normalize(text)) for text in gold)
    return exact, max(f1(prediction, text, version2) for text in gold)


def best(figures, golds, nulls):
    """find_best_thresh of evaluate-v2.0.py, of answers that are never empty."""
    current = highest = sum(1 for gold in golds if not gold)
    for index in sorted(range(len(nulls)), key=lambda i: nulls[i]):
        current += figures[index] if golds[index] else -1
        highest = max(highest, current)
    return highest / len(figures)


def scores(decoded, golds, version2):
    """Metrics as the program names them, from `decode`'s answers and the gold texts."""
    pairs = [agreement(text, gold, version2) for (text, _, _), gold in zip(decoded, golds)]
    result = {"answer-f1": sum(f for _, f in pairs) / len(pairs), "exact-match": sum(e for e, _ in pairs) / len(pairs)}
    if version2:
        nulls = [null for _, _, null in decoded]
        pairs = [agreement(text, gold, True) for (_, text, _), gold in zip(decoded, golds)]
        result["best-answer-f1"] = best([f for _, f in pairs], golds, nulls)
        result["best-exact-match"] = best([e for e, _ in pairs], golds, nulls)
    return result
