#!/usr/bin/env python3
"""Writes Examples/home-commands: spoken commands to a home, and what each one asks for.

    Scripts/make-home-commands.py            writes train.tsv and dev.tsv
    Scripts/make-home-commands.py --check    compares them with what would be written

Sentences are filled templates, in lower case and without punctuation, as speech recognition gives them. The intents
share their words: what tells them apart is order, negation and tense. The development sentences come from templates,
lead-ins and pairs of device and room that no training sentence uses.
"""

import argparse
import pathlib
import random
import re
import string

DIRECTORY = pathlib.Path(__file__).parent.parent / "Examples" / "home-commands"
SEED = 8
PER_INTENT = {"train": 160, "dev": 40}

DEVICES = ["light", "lamp", "fan", "heater", "radio", "television", "oven", "fire", "kettle", "coffee machine"]
ADJUSTABLE = DEVICES[:8]
ROOMS = ["kitchen", "bedroom", "hall", "garage", "study", "bathroom", "living room", "nursery"]
DURATIONS = ["five minutes", "ten minutes", "a quarter of an hour", "half an hour", "an hour", "two hours", "forty minutes", "ninety seconds"]
TIMES = ["six", "seven", "half past seven", "eight", "noon", "ten to nine", "quarter past five", "midnight"]
LEVELS = ["ten", "twenty", "thirty", "half", "sixty", "eighty"]

# The forms of each intent. Alternatives stand in brackets, slots in braces: d and e devices, r a room, t a length of
# time, h an hour, n a level. a is a device that has levels.
TEMPLATES = {
    "turn_on": {
        "train": [
            "[turn|switch|put] on the {d}", "[turn|switch|put] the {d} on", "[turn|switch|put] the {r} {d} on",
            "[turn|switch|put] on the {d} in the {r}", "i [need|want|would like] the {d} on", "could you [turn|put|switch] the {d} on",
            "would you [turn|put|switch] on the {d}", "get the {d} going", "start the {d} in the {r}", "start the {r} {d}",
            "light the fire in the {r}", "let us have the {d} on", "the {d} is off [turn|switch|put] it on",
            "we are all in the {r} [turn|switch] on the {d}", "i have come home [put|turn|switch] on the {d}",
            "don't leave the {d} off [put|turn] it on", "[put|turn|switch] on the {d} but not the {e}",
            "the {e} can stay off but [turn|put] the {d} on", "who turned the {d} off [turn|put] it back on",
            "[turn|switch] the {d} back on", "i could do with the {d} in the {r}", "on with the {d}",
            "off is no good [switch|turn|put] the {d} on", "the {d} should not be off start it",
            "i turned the {d} off by mistake start it again", "time for the {d}",
        ],
        "dev": [
            "[turn|switch|put] the {r} {d} back on", "why is the {d} off [switch|turn] it on",
            "would you mind [turning|switching|putting] on the {d}", "we need the {d} going in the {r}", "start the {d} in the {r} again",
            "not the {e} [turn|put] on the {d}", "i am home and in the {r} [turn|put] on the {d}",
            "it should not be off [switch|turn] the {d} on",
        ],
    },
    "turn_off": {
        "train": [
            "[turn|switch|put] off the {d}", "[turn|switch|put] the {d} off", "[turn|switch|put] the {r} {d} off",
            "[turn|switch|put] off the {d} in the {r}", "i [need|want|would like] the {d} off", "could you [turn|put|switch] the {d} off",
            "would you [turn|put|switch] off the {d}", "kill the {d}", "stop the {d} in the {r}", "stop the {r} {d}",
            "put out the fire in the {r}", "shut down the {d}", "the {d} is on [turn|switch|put] it off",
            "we are done in the {r} [turn|switch] off the {d}", "i am going out [put|turn|switch] off the {d}",
            "don't leave the {d} on [put|turn] it off", "[put|turn|switch] off the {d} but not the {e}",
            "the {e} can stay on but [turn|put] the {d} off", "who turned the {d} on [turn|put] it back off",
            "[turn|switch] the {d} off again", "i have had enough of the {d}", "off with the {d}", "shut the {d} down",
            "on is no good [switch|turn|put] the {d} off", "the {d} should not be on stop it",
            "i turned the {d} on by mistake stop it again", "no more of the {d} in the {r}",
        ],
        "dev": [
            "[turn|switch|put] the {r} {d} back off", "why is the {d} on [switch|turn] it off",
            "would you mind [turning|switching|putting] off the {d}", "we have had enough of the {r} {d}", "stop the {d} in the {r} again",
            "not the {e} [turn|put] off the {d}", "i am done and going out [shut down|turn off] the {d}",
            "it should not be on [switch|turn] the {d} off",
        ],
    },
    "adjust": {
        "train": [
            "set the {a} to {n} percent", "[turn|bring] the {a} down a [bit|little]", "[turn|bring] up the {a} in the {r}",
            "turn the {r} {a} up", "turn down the {a} in the {r}", "make the {a} [stronger|weaker|brighter|lower]",
            "the {a} is too [strong|bright|high] turn it down", "the {a} is too [weak|dark|low] turn it up",
            "give the {a} a [bit|little] more power", "bring the {a} down to {n} percent", "i don't want the {a} off only [lower|weaker]",
            "don't turn the {a} off turn it down", "put the {r} {a} on {n} percent", "is that all the {a} can do turn it up",
            "not so much from the {a}", "[more|less] from the {a}", "i want [more|less] from the {r} {a}",
            "leave the {a} on but lower it to {n} percent", "[raise|lower] the {a} to {n} percent", "[raise|lower] the {a} in the {r}",
            "a [bit|little] [more|less] {a}", "the {a} could be [stronger|weaker|brighter]", "up with the {a} but not all the way",
            "keep the {a} on only [lower|higher|weaker]",
        ],
        "dev": [
            "the {a} could be a [bit|little] [stronger|weaker|lower]", "take the {a} [up|down] to {n} percent", "[more|less] from the {a} in the {r}",
            "not off only down with the {a}", "turn it [up|down] the {a} is too [weak|strong]", "i want the {a} on but at {n} percent",
            "a [bit|little] more power to the {r} {a}", "{n} percent is enough for the {a}",
        ],
    },
    "query": {
        "train": [
            "is the {d} [on|off]", "is the {d} in the {r} [on|off]", "is the {r} {d} [on|off]", "did i turn [on|off] the {d}",
            "did [somebody|anyone] leave the {d} on", "tell me if the {d} is [on|off]", "tell me if the {r} {d} is [on|off]",
            "do you know if the {d} is [on|off]", "what is on in the {r}", "how [high|low|bright] is the {d} set",
            "how many minutes are left on the timer", "when will the {d} turn [on|off]", "at what time will the {d} turn [on|off]",
            "has the {d} been on for {t}", "is the {d} not on yet", "does the {d} turn off at {h}", "is there a timer set for {h}",
            "will the {d} be [on|off] at {h}", "was the {d} [on|off]", "who left the {d} on", "which [lights|timers] are on",
            "have i left the {d} on", "are we turning [on|off] the {d} at {h}", "check if the {d} is [on|off]",
            "what time is the alarm set for", "do i have a timer for {h}", "how long has the {d} been [on|off]",
        ],
        "dev": [
            "check whether the {d} is [on|off]", "is the {d} still [on|off]", "have i turned the {d} [on|off]", "who turned [on|off] the {d}",
            "was the {d} [on|off] at {h}", "at what time does the {d} turn [on|off]", "do you know whether the {r} {d} is [on|off]",
            "do i have a reminder at {h}", "how long will the {d} be on",
        ],
    },
    "schedule": {
        "train": [
            "[turn|switch] off the {d} in {t}", "[turn|switch] on the {d} in {t}", "[turn|switch] [on|off] the {d} at {h}",
            "[turn|put] the {d} [on|off] at {h}", "in {t} [switch|turn|put] the {d} [on|off]", "in {t} put the {r} {d} [on|off]",
            "at {h} i want the {d} [on|off]", "at {h} [turn|switch] [on|off] the {d}", "wait {t} and then [turn|switch] [on|off] the {d}",
            "have the {d} [on|off] by {h}", "leave the {d} on for {t} then turn it off", "turn the {a} [up|down] at {h}",
            "don't turn on the {d} before {h}", "keep the {d} off until {h} then turn it on", "tonight at {h} switch [on|off] the {d}",
            "the {d} is to go [on|off] at {h}", "start the {r} {d} {t} from now", "after {t} turn [on|off] the {d}",
            "let the {d} run for {t} and then stop it", "run the {d} until {h}", "i want the {d} [on|off] in {t}",
            "the {d} should be [on|off] by {h}", "not now but in {t} [start|stop] the {d}", "by {h} the {d} should be [on|off]",
            "tomorrow at {h} start the {r} {d}",
        ],
        "dev": [
            "wait {t} then switch [on|off] the {d}", "let the {d} run until {h}", "i leave at {h} turn the {d} off then",
            "{t} from now the {d} should be [on|off]", "not now but at {h} turn [on|off] the {d}",
            "the {d} can stay on for {t} and then stop it", "when it is {h} put the {r} {d} [on|off]", "have the {d} start in {t}",
            "tomorrow i want the {d} [on|off] by {h}",
        ],
    },
    "timer": {
        "train": [
            "set a timer for {t}", "set [a timer|an alarm] for {h}", "wake me at {h}", "wake me in {t}", "remind me in {t} to turn [on|off] the {d}",
            "remind me at {h} to put the {d} [on|off]", "remind me about the {d} at {h}", "tell me when {t} are over", "tell me when it is {h}",
            "count down {t}", "ring at {h}", "ring in {t}", "let me know at {h} that the {d} is on", "let me know when {t} are over",
            "don't let me forget to turn off the {d} at {h}", "i want to be told when it is {h}", "give me a [shout|ring] in {t}",
            "put {t} on the [clock|timer]", "at {h} tell me to [check|turn off] the {d}", "start a timer of {t} for the {d}",
            "i need [a timer|an alarm] for {t}", "say something in {t}", "in {t} tell me to turn [on|off] the {d}",
            "a reminder for {h} to turn [on|off] the {d}", "call me at {h} about the {d}", "i must not forget the {d} remind me at {h}",
        ],
        "dev": [
            "in {t} remind me about the {d}", "let me know at {h} to turn [on|off] the {d}", "i want to hear [a ring|an alarm] in {t}",
            "say something when it is {h}", "don't turn off the {d} just tell me at {h}", "wake me when it is {h}",
            "i need to be told in {t} to check the {d}", "i must turn [on|off] the {d} at {h} so remind me", "start [an alarm|a timer] for {h}",
        ],
    },
    "cancel": {
        "train": [
            "cancel the [timer|alarm] for {t}", "cancel the [timer|alarm] at {h}", "stop the [timer|alarm]",
            "forget what i said about the {d}", "do not turn [on|off] the {d} at {h} after all", "drop the [alarm|reminder] at {h}",
            "[turn|switch] off the alarm at {h}", "the {d} at {h} cancel that", "undo the [schedule|plan|timer] for the {d}",
            "never mind the [timer|alarm|reminder]", "remove the [rule|reminder|timer] for the {d}", "switch off the [reminder|timer] for {h}",
            "i changed my mind about turning [on|off] the {d} at {h}", "no timer for the {d} any more", "delete the timer for {t}",
            "i said to turn [on|off] the {d} in {t} but forget that", "i [no longer need|don't need] the alarm",
            "you don't have to remind me about the {d}", "i don't need the reminder about the {d} any more", "cancel turning [on|off] the {d} at {h}",
            "forget the [plan|schedule] to turn [on|off] the {d}", "drop the plan to turn [on|off] the {d} in {t}",
            "no need to wake me at {h}", "there is no need to turn the {d} [on|off] at {h} any more", "clear the [timer|reminder] for {h}",
        ],
        "dev": [
            "i no longer need the [alarm|timer] at {h}", "drop the plan to switch [on|off] the {d} at {h}", "delete the reminder about the {d}",
            "no need to turn the {d} [on|off] in {t} any more", "cancel what i said about the {d}", "turn off the [timer|alarm]",
            "about the {d} at {h} forget that", "i don't want to be reminded of the {d} any more", "i changed my mind about the alarm for {h}",
        ],
    },
    "fault": {
        "train": [
            "the {d} does not turn [on|off]", "the {d} [won't|doesn't] [turn|switch] [on|off]", "i turned on the {d} but it stays off",
            "i turned the {d} off but it stays on", "the {d} keeps [switching|turning] [on|off]", "the {d} went [on|off] by itself",
            "the {d} flickers when it is on", "turning up the {a} does nothing", "the [timer|alarm] never rings",
            "something is wrong with the {d} in the {r}", "the {d} will not go [on|off]", "the {r} {d} does not work",
            "it says on but the {d} is off", "why does the {d} turn itself off after {t}", "the {d} was on for {t} and then it died",
            "i can't turn the {d} [on|off]", "the {d} is [broken|stuck]", "the {d} in the {r} is [broken|dead|stuck]",
            "nothing happens when i turn on the {d}", "the {d} makes a noise when it is on", "the {d} stays on whatever i say",
            "the {d} turned itself [on|off] again", "my alarm at {h} did not ring", "the {d} should be on but it is dead",
            "the {d} only works when the {e} is off", "i said off and the {d} is still on",
        ],
        "dev": [
            "whatever i do the {d} stays [on|off]", "the {d} turned itself [on|off] again at {h}", "the {r} {d} is [broken|stuck] on",
            "i said off but the {d} is still on", "the {d} only works for {t}", "the {r} {d} keeps going [on|off] by itself",
            "the alarm at {h} did not ring", "the {d} still won't turn [on|off]", "there is something wrong when i turn on the {d}",
        ],
    },
    "keep": {
        "train": [
            "do not [turn|switch] [on|off] the {d}", "leave the {d} [on|off]", "don't [turn|switch|put] the {d} [on|off]",
            "keep the {d} as it is", "keep the {d} [on|off]", "leave the {r} {d} alone", "leave the {r} {d} [on|off]",
            "the {d} can stay [on|off]", "don't touch the {d}", "no keep the {d} [on|off]", "do not turn [on|off] the {d} in the {r}",
            "the {d} is [on|off] and that is [good|fine]", "don't turn the {a} up or down", "i like the {d} [on|off] leave it",
            "don't stop the {d}", "turn nothing off in the {r}", "the {d} stays [on|off]", "let the {d} be",
            "never turn [on|off] the {d}", "nobody [turns|switches] [on|off] the {d}", "i want the {d} to stay [on|off]",
            "no not the {d} leave it [on|off]", "the {d} must not be turned [on|off]", "it is fine to leave the {d} [on|off]",
        ],
        "dev": [
            "the {d} should stay [on|off]", "whatever you do don't turn the {d} [on|off]", "i want the {d} left [on|off]",
            "nobody should switch [on|off] the {d}", "it is [good|fine] that the {d} is [on|off]", "let the {r} {d} stay [on|off]",
            "never touch the {d} i like it so", "no don't leave it as it is the {d} can stay on",
        ],
    },
    "routine": {
        "train": [
            "every day at {h} turn [on|off] the {d}", "every [morning|night|evening] turn [on|off] the {d}",
            "whenever i [leave|come home] turn [on|off] the {d}", "turn the {d} [on|off] each [morning|night|evening]",
            "if the door opens turn [on|off] the {d}", "on [weekdays|sundays|mondays] switch the {d} [on|off] at {h}",
            "always turn off the {d} after {t}", "when it gets dark put the {d} [on|off]", "as soon as nobody is in the {r} turn off the {d}",
            "remind me of the {d} every day at {h}", "if i forget the {d} for {t} turn it off", "wake me at {h} on [weekdays|sundays|mondays]",
            "every night the {d} is to go [on|off] at {h}", "when the {e} is on keep the {d} off", "turn on the {d} whenever the {e} is off",
            "from now on turn [on|off] the {d} at {h}", "each time i [leave|enter] the {r} turn [on|off] the {d}",
            "always have the {d} [on|off] at {h}", "if nobody is home turn off the {d}", "any time the {e} is on put the {d} on",
            "i want the {d} [on|off] at {h} every day", "the {d} goes [on|off] at {h} every [morning|night|evening]",
            "as soon as someone enters the {r} turn on the {d}", "at {h} on [weekdays|sundays|mondays] i want the {d} [on|off]",
        ],
        "dev": [
            "from now on i want the {d} [on|off] at {h}", "each time the {d} has been on for {t} switch it off",
            "on [weekdays|sundays] i want the {d} [on|off] by {h}", "always turn the {d} [on|off] at {h}",
            "any time someone enters the {r} switch the {d} [on|off]", "every day the {d} is to be [on|off] by {h}",
            "whenever it gets dark turn [on|off] the {r} {d}", "if someone leaves the {r} turn [on|off] the {d}",
            "wake me at {h} every [morning|evening]",
        ],
    },
}

# Words before a command that ask for nothing, though they sound like it.
LEAD_INS = {
    "train": [
        "", "", "", "", "please", "hey", "okay", "listen", "um", "well it is {h} and i am tired", "my hands are full",
        "the film is on at {h}", "i just turned off the tap", "dinner is in {t}", "i am going up to the {r}",
        "we are on our way", "sorry", "you know what",
    ],
    "dev": [
        "", "", "", "", "right", "hello", "so", "i was off work today", "the phone rang for {t}", "the cat is in the {r} again",
        "my turn to cook", "i set the table", "excuse me",
    ],
}


def expansions(template):
    """All sentences that a template stands for, with its slots still open."""
    choice = re.search(r"\[([^]]*)\]", template)
    if not choice:
        return {template}
    forms = (template[: choice.start()] + word + template[choice.end() :] for word in choice[1].split("|"))
    return set().union(*map(expansions, forms))


def fill(template, split, draw):
    """A sentence from a template, with a device and a room whose pair belongs to the split: one in three is dev's."""
    devices = ADJUSTABLE if "{a}" in template else DEVICES
    pairs = [(d, r) for d in range(len(devices)) for r in range(len(ROOMS)) if ((d + r) % 3 == 0) == (split == "dev")]
    device, room = draw.choice(pairs)
    slots = {
        "a": devices[device], "d": devices[device], "e": draw.choice(devices[:device] + devices[device + 1 :]),
        "r": ROOMS[room], "t": draw.choice(DURATIONS), "h": draw.choice(TIMES), "n": draw.choice(LEVELS),
    }
    sentence = draw.choice(sorted(expansions(template))).format(**slots)
    assert set(sentence) <= set(string.ascii_lowercase + " '"), sentence
    return sentence


def sentences(split, taken, draw):
    """Labelled sentences, all different, the templates of each intent used equally often."""
    rows = []
    for intent, templates in TEMPLATES.items():
        count = 0
        while count < PER_INTENT[split]:
            template = templates[split][count % len(templates[split])]
            lead_in = draw.choice(LEAD_INS[split])
            sentence = fill(f"{lead_in} {template}".strip(), split, draw)
            if sentence not in taken:
                taken.add(sentence)
                rows.append((sentence, intent))
                count += 1
    draw.shuffle(rows)
    return rows


def check_templates():
    """Makes sure that no form is used twice: not by two intents, and not for training and development."""
    seen = set()
    for templates in TEMPLATES.values():
        for forms in templates.values():
            for form in set().union(*map(expansions, forms)):
                assert form not in seen, f"{form!r} is used twice"
                seen.add(form)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    arguments = parser.parse_args()
    check_templates()
    draw = random.Random(SEED)
    taken = set()
    for split in PER_INTENT:
        rows = sentences(split, taken, draw)
        text = "text\tlabel\n" + "".join(f"{sentence}\t{intent}\n" for sentence, intent in rows)
        path = DIRECTORY / f"{split}.tsv"
        if arguments.check:
            if path.read_text(encoding="utf-8") != text:
                raise SystemExit(f"{path} is not what {parser.prog} writes")
        else:
            path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
