#!/usr/bin/env python3
"""Writes Tests/TasksTests/Fixtures: a small vocabulary, and what Hugging Face's `tokenizers` makes of hard texts.

    pip install tokenizers==0.23.3
    Scripts/make-tokenizer-fixtures.py

uncased/tokenizer.json        lower-casing tokenizer in its serialized form, words of up to 20 characters
cased/vocab.txt, *_config     the same vocabulary as a case-preserving tokenizer
golden.json                   texts (UTF-8 in hexadecimal) with the ids, token types and UTF-8 offsets of both
truncation.txt                lengths of a pair before and after `longest_first` truncation
characters.txt                how BERT takes every Unicode scalar: runs of one class
"""

import json
import pathlib

from tokenizers import AddedToken, Tokenizer, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.processors import TemplateProcessing

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests" / "TasksTests" / "Fixtures"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)]
WORDS = """the a an is not turn turned off on light lights cafe naive uber resume Turn Light Cafe Zürich café
    un aff able affable ##aff ##able ##ing ##ed ##s ##er ##est 中 国 日本 ß ı İ i̇ σ ς ω 한 국 ﬁ é É ñ ö
    ##é ##ñ ##ö ## ##中 🙂 👍 🏽 ##👍 ##🏽 ##🙂 👩 ##💻 σ α ##α ##σ ##ς ##ε ##γ ##ß 日 本 א ##ב ¥ € ½ 1 2 3 ##1 ##2 ##3 100 a1""".split()
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + list("–—…«»“”‘’¿¡。、「」·§¶᙭")
# "é" and the Hangul syllable once composed and once decomposed: distinct tokens that Unicode calls equivalent.
DECOMPOSED = ["e\u0301", "##e\u0301", "\u1112\u1161\u11ab", "\u1100", "\u1161", "##\u1161", "##\u11ab"]

TEXTS = [
    "", " ", "the light is not on", "Turn the LIGHTS off!", "unaffable", "unaffableness zq",
    "Café naïve über résumé", "Cafe\u0301 nai\u0308ve", "Zürich é É ñ ö ÉÉ", "e\u0301 \u00e9 xe\u0301 x\u00e9",
    "İstanbul I ı İ i\u0307", "ΣΑΣ σας ΩΜΈΓΑ", "straße STRASSE ẞ ß", "ﬁne ﬀ ½ ² Ⅷ ㎏",
    "中国日本", "a中b国", "日本 ひらがな カタカナ", "\uf900\u8c48 \U0002b820\U0002b920\U00020000",
    "한국 \u1112\u1161\u11ab", "각 가\u11a8", "🙂👍🏽 off🙂on", "👩\u200d💻 ❤\ufe0f",
    "a\u00a0b\u2003c\u3000d\u1680e\u2028f\u2029g\u0085h", "tab\tnew\nline\r\nend", "zero\u200bwidth\u200djoin\ufeff soft\u00adhyphen",
    "nul\x00bell\x07del\x7fvt\x0bff\x0cesc\x1b", "private\ue000use\U000f0000 \ufffd",
    "\u202eright\u202c to \u061cleft", "אָב שָׁלוֹם", "العَرَبِيَّة", "हिन्दी ক্ষ", "ไทย ภาษา",
    "a" * 20, "a" * 21, "x" * 100 + " " + "x" * 101, "é" * 20 + " " + "é" * 21, "中" * 30,
    "!!!???...", "a--b__c//d", "\"'`´“”‘’«»", "$100.00 + 50% = 3€ £2 ¥1", "don't it's rock'n'roll",
    "x^2 ~ `code` <tag/> [a] {b} |c| \\d", "¿qué? ¡sí!", "a–b—c…d・e、f。", "#hash @name a_b a.b,c;d:e",
    "[CLS] off [SEP]", "a[MASK]b [mask] [UNK] [PAD]x", "[[MASK]] [MASK", "##ing ## #a a##b",
    "1 12 123 100 a1 1a ½3", "\u0301 \u0301a a\u0300\u0316\u0301b", "\U00011938 \U00011935\U00011930",
    "\u1885 a\u1885b \u1734a a\ua9bdb a\U000111c9b a\U0001171eb a\u166db", "a\u2e43b a\u2e42b a\u061db a\u08e2b \u0890",
    "\U0001d165\U0001d16d\U0001d16ea", "ǅ ǆ Ǆ Ꭰ ꭰ Ა", "K Å Ω", "  many   spaces  ", "\ufeffbom",
]
ILL_FORMED = [b"a\xffb", b"caf\xc3", b"\xc3\x28 x", b"a\xed\xa0\x80b", b"\xf0\x9f\x99 on", b"\xc0\xaf\x80off", b"\xf4\x90\x80\x80a"]
PAIRS = [
    ("the light", "is on", 64), ("", "off", 64), ("off", "", 64), ("", "", 3), ("a b c d e f", "g h", 8),
    ("a b", "c d e f g h", 8), ("a b c d e f", "g h i j k l", 9), ("a b c d e f", "g h i j k l", 10),
    ("Café [SEP] x", "中国!", 64), ("a b c d e f g", None, 6), ("a b c", None, 2),
]


def vocabulary():
    tokens = SPECIAL + LETTERS + ["##" + c for c in LETTERS]
    tokens += [c.upper() for c in "ABCIKTZ"] + PUNCTUATION + WORDS + DECOMPOSED
    return {token: index for index, token in enumerate(dict.fromkeys(tokens))}


def tokenizer(vocab, lowercase, longest_word):
    result = Tokenizer(WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=longest_word))
    result.normalizer = BertNormalizer(lowercase=lowercase)
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    result.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    result.post_processor = TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])],
    )
    return result


def golden(tokenizers):
    cases = [(text.encode(), None, 512) for text in TEXTS] + [(text, None, 512) for text in ILL_FORMED]
    cases += [(a.encode(), None if b is None else b.encode(), length) for a, b, length in PAIRS]
    result = []
    for first, second, length in cases:
        case = {"first": first.hex(), "second": None if second is None else second.hex(), "maximumLength": length}
        for name, one in tokenizers.items():
            one.enable_truncation(length, strategy="longest_first")
            texts = [text.decode(errors="replace") for text in (first, second) if text is not None]
            encoding = one.encode(*texts)
            one.no_truncation()
            # Offsets count code points here, bytes there; special tokens around the texts have none.
            offsets = [[len(texts[i][:end].encode()) for end in offset]
                       for offset, i in zip(encoding.offsets, encoding.sequence_ids) if i is not None]
            case[name] = {"ids": encoding.ids, "types": encoding.type_ids, "offsets": offsets}
        result.append(case)
    return result


def truncation(one):
    """Lines of: tokens of a, tokens of b, room for both, tokens kept of a, tokens kept of b."""
    for first in range(9):
        for second in range(9):
            for room in range(1, 18):
                one.enable_truncation(room + 3, strategy="longest_first")
                types = one.encode("a " * first, "a " * second).type_ids
                one.no_truncation()
                yield f"{first} {second} {room} {types.count(0) - 2} {types.count(1) - 1}"


def character_classes():
    """Runs of scalars, as first and last in hexadecimal and the class, ordinary characters left out."""
    plain = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    clean = BertNormalizer(**{**plain, "clean_text": True})
    chinese = BertNormalizer(**{**plain, "handle_chinese_chars": True})
    split = pre_tokenizers.BertPreTokenizer()
    accents = BertNormalizer(**{**plain, "strip_accents": True})

    def classes(scalar):
        character = chr(scalar)
        cleaned = clean.normalize_str("a" + character + "b")
        words = len(split.pre_tokenize_str("a" + character + "b"))
        names = []
        if cleaned == "ab":
            names.append("removed")
        if words == 2:
            names.append("separator")
        if words == 3:
            names.append("punctuation")
        if accents.normalize_str(character) == "":
            names.append("mark")
        if chinese.normalize_str(character) != character:
            names.append("chinese")
        return "+".join(names)

    runs = []
    for scalar in range(0x110000):
        name = "" if 0xD800 <= scalar < 0xE000 else classes(scalar)
        if runs and runs[-1][2] == name and runs[-1][1] == scalar - 1:
            runs[-1][1] = scalar
        elif name:
            runs.append([scalar, scalar, name])
    return [f"{first:x} {last:x} {name}" for first, last, name in runs]


def write(path, text):
    path = FIXTURES / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def main():
    vocab = vocabulary()
    uncased = tokenizer(vocab, lowercase=True, longest_word=20)
    cased = tokenizer(vocab, lowercase=False, longest_word=100)
    write("uncased/tokenizer.json", uncased.to_str(pretty=False) + "\n")
    write("cased/vocab.txt", "".join(token + "\n" for token in vocab))
    write("cased/tokenizer_config.json", json.dumps({"do_lower_case": False, "mask_token": {"content": "[MASK]"}}) + "\n")
    cases = golden({"uncased": uncased, "cased": cased})
    write("golden.json", "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    write("truncation.txt", "\n".join(truncation(uncased)) + "\n")
    write("characters.txt", "\n".join(character_classes()) + "\n")


if __name__ == "__main__":
    main()
