#!/usr/bin/env python3
"""Writes Tests/TasksTests/Fixtures/squad and squad2: questions of our own, and transformers' way with them.

    pip install tokenizers==0.23.3 numpy
    Scripts/make-tokenizer-fixtures.py && Scripts/make-squad-fixtures.py

train.json, dev.json   original texts in SQuAD's format; squad2 has questions without an answer
expected.json          windows, labels, and answers from seeded logits with their scores, for several lengths
words.json (squad)     pairs of answers, and how the official scripts compare them
windows.txt (squad)    tokens, window length, stride, and the windows that `tokenizers` cuts
"""

import json
import pathlib

from tokenizers import Tokenizer

import squad_reference as reference

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TasksTests" / "Fixtures"

LAMP = ("The lamp in the café was turned off at ten. Zoë, who had left it on, wrote “İyi geceler” 👍🏽 on the wall; "
        "a cat (the one called 中国) slept on 3½ cushions. The naïve résumé of that night cost €100")
MILL = "A mill turns when the river is high. In 1850 it was turned by oxen, in 1900 by steam and now it turns by itself"
QUESTIONS = {
    LAMP: [
        ("lamp-1", "When was the lamp turned off?", ["ten", "at ten"]),
        ("lamp-2", "  Who had left the lamp on?", ["Zoë"]),
        ("lamp-3", "What did she write?", ["İyi geceler", "“İyi geceler” 👍🏽"]),
        ("lamp-4", "What was the cat called?", ["中国", "(the one called 中国)"]),
        ("lamp-5", "On how many cushions did the cat sleep?", ["3½", "3½ cushions"]),
        ("lamp-6", "What did the night cost?", ["€100", "100"]),
        ("lamp-7", "What is written on the wall in the last part of the night that nobody can forget?", ["The naïve résumé"]),
    ],
    MILL: [
        ("mill-1", "When does a mill turn?", ["when the river is high"]),
        ("mill-2", "What turned it in 1850?", ["oxen", "by oxen"]),
        ("mill-3", "What turns it now?", ["itself"]),
    ],
}
UNANSWERABLE = [(LAMP, ("lamp-8", "Who turned the lamp on again?", [])), (MILL, ("mill-4", "Who owned the mill?", []))]
SETTINGS = [(384, 128), (128, 42), (112, 30), (100, 1), (104, 0)]
WORDS = [
    ("The Café", "café"), ("cafe\u0301", "café"), ("a an the", ""), ("", ""), ("...", "a"), ("ten o'clock", "ten oclock"),
    ("the the cat", "cat cat the"), ("in 1900 by steam", "by steam in 1900"), ("x_y-z", "xyz"), ("an\u00a0ox\u2003and\u001cmore", "ox and more"),
    ("ΟΔΟΣ", "οδος"), ("ΟΔΟΣ’ Σ", "οδοσ’ σ"), ("İstanbul", "i̇stanbul"), ("STRASSE", "straße"), ("a\u0301 the\u0301 x", "\u0301 \u0301 x"),
    ("the–river–a", "river – –"), ("½ the Ⅷ", "½ ⅷ"), ("中the国", "中国"), ("theory of a", "theory of"), ("$100.00", "10000"),
]


def articles(with_unanswerable):
    questions = {context: list(items) for context, items in QUESTIONS.items()}
    if with_unanswerable:
        for context, item in UNANSWERABLE:
            questions[context].append(item)
    paragraphs = []
    for context, items in questions.items():
        qas = []
        for id, question, answers in items:
            qa = {"id": id, "question": question, "answers": [{"text": t, "answer_start": context.rindex(t)} for t in answers]}
            if with_unanswerable:
                qa["is_impossible"] = not answers
            qas.append(qa)
        paragraphs.append({"context": context, "qas": qas})
    return {"version": "v2.0" if with_unanswerable else "1.1", "data": [{"title": "Lamp and mill", "paragraphs": paragraphs}]}


def expected(path, tokenizer, version2):
    for length, stride in SETTINGS:
        windows, decoded, golds, predictions = [], [], [], {}
        for id, question, context, answers in reference.questions(path):
            features = []
            for encoding in reference.windows(tokenizer, question, context, length, stride):
                span, _ = reference.label(encoding, answers)
                features.append((encoding, reference.seeded_logits(len(windows), len(encoding.ids), span)))
                windows.append({"ids": encoding.ids, "first": encoding.type_ids.count(0), "span": span})
            decoded.append(reference.decode(context, features, version2))
            golds.append([text for text, _ in answers])
            predictions[id] = decoded[-1][0]
        scores = reference.scores(decoded, golds, version2)
        yield {"length": length, "stride": stride, "windows": windows, "predictions": predictions, "scores": scores}


def cut_windows(tokenizer):
    for count in range(0, 13):
        for length in range(1, 7):
            for stride in range(0, length):
                # One question token and three special ones; a window's tokens are known by their offsets.
                encodings = reference.windows(tokenizer, "a", "b " * count, length + 4, stride)
                inside = [[o[0] // 2 for o, s in zip(e.offsets, e.sequence_ids) if s == 1] for e in encodings]
                ranges = [f"{tokens[0]}-{tokens[-1] + 1}" if tokens else "0-0" for tokens in inside]
                yield f"{count} {length} {stride} {' '.join(ranges)}"


def compared(first, second):
    return {"first": first, "second": second, "exact": reference.normalize(first) == reference.normalize(second),
            "f1": reference.f1(first, second, False), "f1WithEmpty": reference.f1(first, second, True)}


def main():
    tokenizer = Tokenizer.from_file(str(FIXTURES / "uncased" / "tokenizer.json"))
    for name, version2 in (("squad", False), ("squad2", True)):
        folder = FIXTURES / name
        folder.mkdir(exist_ok=True)
        for split in ("train", "dev"):
            (folder / f"{split}.json").write_text(json.dumps(articles(version2)) + "\n")
        results = list(expected(folder / "dev.json", tokenizer, version2))
        (folder / "expected.json").write_text("[\n" + ",\n".join(map(json.dumps, results)) + "\n]\n")
    (FIXTURES / "squad" / "words.json").write_text(json.dumps([compared(*pair) for pair in WORDS]) + "\n")
    (FIXTURES / "squad" / "windows.txt").write_text("\n".join(cut_windows(tokenizer)) + "\n")


if __name__ == "__main__":
    main()
