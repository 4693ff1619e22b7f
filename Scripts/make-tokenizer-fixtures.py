#!/usr/bin/env python3
"""Writes Tests/TasksTests/Fixtures: small vocabularies, and what Hugging Face's `tokenizers` makes of hard texts.

    pip install tokenizers==0.23.3
    Scripts/make-tokenizer-fixtures.py

uncased/tokenizer.json        lower-casing tokenizer in its serialized form, words of up to 20 characters
cased/vocab.txt, *_config     the same vocabulary as a case-preserving tokenizer
golden.json                   texts (UTF-8 in hexadecimal) with the ids, token types and UTF-8 offsets of both
truncation.txt                lengths of a pair before and after `longest_first` truncation
characters.txt                how BERT takes every Unicode scalar: runs of one class
byte-level/*                  byte-level BPE trained on the text below: tokenizer.json as RoBERTa's, with golden.json and
                              characters.txt like those above
byte-level-prefix/*           the same as vocab.json, merges.txt and tokenizer_config.json, with a space before every text
"""

import json
import pathlib

from tokenizers import AddedToken, Tokenizer, pre_tokenizers
from tokenizers.models import BPE, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.processors import RobertaProcessing, TemplateProcessing
from tokenizers.trainers import BpeTrainer

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


# What the byte-level tokenizer is trained on, and texts that try its pattern, its alphabet and its offsets.
TRAINING = """The lights in the kitchen are on. Turn them off, please, it's late and we're leaving!
    They've said they'll call at 10:30, but I'd rather wait until 12. Don't you think that's what he'd do?
    I'm sure you're right: the heating isn't working, and the temperature in the living room is 15 degrees.
    Naïve café owners in Zürich sell crêpes for 7 francs. Das Wetter ist schön, und die Straße ist naß.
    The thermostat shows 21.5 degrees; set it to 19 at night, and to 21 in the morning. Then the lights turn on.
    Привет, как дела? Сегодня в комнате тепло. 今日は天気がいい。部屋の電気を消してください。 한국어도 조금 씁니다.
    Where's the cat? There are three cats in the garden, and the other one is sleeping on the sofa.
    He said "no", she said 'yes' (and they were both wrong). The end of the story ... is the beginning."""
BYTE_LEVEL_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BYTE_LEVEL_TEXTS = [
    "", " ", "  ", "   \n", "the lights", " the lights", "  the lights", "the  lights", "the   lights  ", "\tthe\t\tlights\n",
    "the\n\nlights \n off", "off\r\n on", "it's we're they've I'm he'll she'd don't", "IT'S it'S 'sit ''s '' 's' 'tis",
    " 's  's it 's", "rock'n'roll '90s y'all'd've", "10:30 1.5 a1b2 x² ½ Ⅷ ٣ 100,000", " 12  34\u00a056", "!!! ... --- (a) [b] {c}",
    "a.b,c;d:e?f!g", "$5 + 10% = 3€", "naïve café Zürich schön naß", "cafe\u0301 \u0301 e\u0301\u0301", "Привет, как дела?",
    "今日は天気がいい。", "한국어 \u1112\u1161\u11ab", "🙂👍🏽 off🙂on", "👩\u200d💻 ❤\ufe0f", "é", "éa", " é", "🙂", "\u00a0a\u2003b\u3000c\u1680d",
    "a\u2028b\u2029c\u0085d\u200be\ufefff", "nul\x00bell\x07del\x7fvt\x0bff\x0cus\x1f", "\ue000 \U000f0000 \ufffd", "हिन्दी ক্ষ ไทย",
    "<s>the</s>", "the <mask> lights", "the  \t<mask>  lights", "<mask><mask> <mask>", " <mask>é", "a<mask>", "<mask> a", "<pad><unk>x <unk> y",
    "<MASK> <mas k> <<mask>>", "é<mask>éa<s>ñ", "the lights turn on and then the lights turn off again and again",
    "thethethethe lightslights", "\\d \"quoted\" `code` ~^|", "aaaaaaaaaaaaaaaa", "ЖЖЖ", "\U0001d7d8\U0001f1e9\U0001f1ea ǅ ʰ ª º",
]
BYTE_LEVEL_PAIRS = [
    ("the lights", "are on", 64), ("", "off", 64), ("off", "", 64), ("", "", 4), ("the lights are on", "at night", 10),
    ("at", "the lights are on at night", 9), ("é <mask>", " the cat", 64), ("the lights in the kitchen", None, 5),
    ("the lights", None, 2),
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


def byte_level(adds_space):
    """Byte-level BPE of 400 tokens with RoBERTa's special tokens; training and merging draw no random numbers."""
    result = Tokenizer(BPE())
    result.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    result.train_from_iterator([line.strip() for line in TRAINING.splitlines()], BpeTrainer(
        vocab_size=400, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=BYTE_LEVEL_SPECIAL, show_progress=False))
    result.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=adds_space)
    result.post_processor = RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=adds_space)
    result.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    return result


def byte_level_golden(one):
    cases = [(text, None, 512) for text in BYTE_LEVEL_TEXTS] + BYTE_LEVEL_PAIRS
    for first, second, length in cases:
        one.enable_truncation(length, strategy="longest_first")
        encoding = one.encode(first) if second is None else one.encode(first, second)
        one.no_truncation()
        case = {"first": first, "second": second, "maximumLength": length, "ids": encoding.ids}
        if second is None and length == 512:
            case["ends"] = [len(first[:end].encode()) for offset, i in zip(encoding.offsets, encoding.sequence_ids)
                            if i is not None for end in offset]
        assert not any(encoding.type_ids)
        yield json.dumps(case, separators=(",", ":"))


def byte_level_classes():
    """Runs of letters, numbers and spaces as GPT-2's pattern takes them; the others are left out."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    runs = []
    for scalar in range(0x110000):
        if 0xD800 <= scalar < 0xE000:
            continue
        kinds = [name for name, beside in (("letter", "a"), ("number", "1"), ("other", "!"))
                 if len(split.pre_tokenize_str(beside + chr(scalar) + beside)) == 1]
        name = kinds[0] if kinds else "space"
        if runs and runs[-1][2] == name and runs[-1][1] == scalar - 1:
            runs[-1][1] = scalar
        elif name != "other":
            runs.append([scalar, scalar, name])
    return [f"{first:x} {last:x} {name}" for first, last, name in runs]


def write_byte_level():
    plain, spaced = byte_level(False), byte_level(True)
    write("byte-level/tokenizer.json", plain.to_str(pretty=False) + "\n")
    write("byte-level/golden.json", "[\n" + ",\n".join(byte_level_golden(plain)) + "\n]\n")
    write("byte-level/characters.txt", "\n".join(byte_level_classes()) + "\n")
    model = json.loads(spaced.to_str())["model"]
    write("byte-level-prefix/vocab.json", json.dumps(model["vocab"], ensure_ascii=False, separators=(",", ":")) + "\n")
    write("byte-level-prefix/merges.txt", "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in model["merges"]))
    mask = {"content": "<mask>", "lstrip": True, "normalized": False}
    write("byte-level-prefix/tokenizer_config.json", json.dumps({"add_prefix_space": True, "mask_token": mask}) + "\n")
    write("byte-level-prefix/golden.json", "[\n" + ",\n".join(byte_level_golden(spaced)) + "\n]\n")


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
    write_byte_level()


if __name__ == "__main__":
    main()
