"""Wordings in other words, by a few rules of English that hold for every story.

    {name} has {a thing}. {He} gets {b} more. How many {things} does {he} have now?
    {name} had {a thing} and bought {b} more. How many {things} does {name} have?

A story has two wordings, and a model that has read nothing else takes them for the only two. The rules change what does
not matter for the answer: the tense, "he" or the name, one sentence or two, "more", whether the thing is named again,
the order in which things are told, and which of some verbs says that somebody gets or loses things. They work on a
wording before its holes are filled (stories.py), so names, things and numbers come out as they were drawn.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Rule = Callable[[str, str, Random], tuple[str, str]]
"""(what happened, the question at the end, random numbers) -> the two in other words, or as they are."""

PAST = {
    "has": "had", "gets": "got", "buys": "bought", "finds": "found", "gives": "gave", "loses": "lost", "puts": "put",
    "shares": "shared", "picks": "picked", "earns": "earned", "works": "worked", "spends": "spent", "saves": "saved",
    "fills": "filled", "eats": "ate", "sells": "sold", "bakes": "baked", "makes": "made", "takes": "took",
    "starts": "started", "pays": "paid", "holds": "held", "plants": "planted", "wants": "wanted", "costs": "cost",
}  # fmt: skip
PRESENT = {past: present for present, past in PAST.items()}
PACKS = r"\{[a-d] pack\}|\{[a-d]\} more \{packs\}"
GAIN = "gets|got|buys|bought|finds|found"
LOSS = re.compile(r"\b(lost|loses|gives|gave)\b")
LEFT = ("are left", "does {he} still have", "does {he} have left", "does {he} have now", "does {name} have left")
IN_ALL = ("does {he} have now", "does {he} have in all", "does {he} have altogether", "does {he} have", "is that",
          "is that in all", "does {name} have now", "does {name} have")  # fmt: skip
OF_PACKS = ("with {%s thing} each", "of {%s thing} each", "with {%s} {things} in each", "of {%s thing}")
OF_NAMED_PACKS = (*OF_PACKS, "with {%s} in each", "of {%s} each")
PACKS_HOLD = ("Each {pack} has {%s thing}.", "Each {pack} holds {%s thing}.", "There are {%s thing} in each {pack}.")


def rephrase(wording: str, rng: Random) -> str:
    """The wording after some of the rules that fit it, each with probability 1/2. Its holes name the same numbers."""
    story, question = told(wording)
    for rule in RULES:
        if rng.random() < 0.5:
            story, question = rule(story, question, rng)
    return story + question


def told(wording: str) -> tuple[str, str]:
    """What happened, and the question at the end."""
    start = max(wording.rfind(". How"), wording.rfind(". In how")) + 2
    return wording[:start], wording[start:]


def more(story: str, question: str, rng: Random) -> tuple[str, str]:
    """With "more", or without it, where somebody who has things gets others."""
    if not re.match(r"\{name\} (has|had) \{a", story):
        return story, question
    if " more" in story:
        story = re.sub(rf"\b({GAIN}) \{{b\}} more (?=\{{packs\}})", r"\1 {b} ", story)
        return re.sub(rf"\b({GAIN}) \{{b\}} more\b", r"\1 {b thing}", story), question
    return re.sub(rf"\b({GAIN}) \{{b pack\}}", r"\1 {b} more {packs}", story), question


def each(story: str, question: str, rng: Random) -> tuple[str, str]:
    """Another way to say how many things each pack holds."""
    named = "thing}" in story[: story.find("pack")] or "{things}" in story
    ways = OF_NAMED_PACKS if named else OF_PACKS
    if hold := re.search(
        rf"({PACKS})(?: of {{things}})?\. Each {{pack}} (?:has|holds) {{([a-d])(?: thing)?}}\.", story
    ):
        more = [f" {way}." for way in ways] + [f". {way}" for way in PACKS_HOLD]
    elif hold := re.search(rf"({PACKS}) (?:with|of) {{([a-d])(?: thing)?}}(?: each| in each)?(?=\.)", story):
        more = [f". {way[:-1]}" for way in PACKS_HOLD]
    elif hold := re.search(rf"({PACKS}) (?:with|of) {{([a-d])(?: thing)?}}(?: each| in each)?(?=,| and)", story):
        more = [f" {way}" for way in ways]
    else:
        return story, question
    return story[: hold.end(1)] + rng.choice(more) % hold[2] + story[hold.end() :], question


def one_sentence(story: str, question: str, rng: Random) -> tuple[str, str]:
    """Two sentences about one person in one, or the other way round."""
    first, _, rest = story.partition(". {He} ")
    if rest and ". " not in first:
        joined = f"{first} and {rest}"
        return (story if joined[: joined.find(".")].count(" and ") > 1 else joined), question
    return re.sub(r"^(\{name\} [^.,]*) and (?=[a-z]+ \{)", r"\1. {He} ", story, count=1), question


def other_verb(story: str, question: str, rng: Random) -> tuple[str, str]:
    """Another verb for getting things, and for losing them."""
    if "{other}" in story or "buy" in question:
        return story, question
    gains = ["gets", "buys"] if "dollar" in story else ["gets", "buys", "finds"]

    def gain(found: re.Match[str]) -> str:
        verb = rng.choice(gains)
        return PAST[verb] if found[0] in PRESENT else verb

    def loss(found: re.Match[str]) -> str:
        verb, rest = rng.choice((("loses", ""), ("gives", " away"), ("gives", " to a friend")))
        return f"{PAST[verb] if found[1] in PRESENT else verb} {found[2]}{rest}"

    story = re.sub(rf"\b(?:{GAIN})(?= \{{)", gain, story)
    story = re.sub(r"\b(gives|gave) away (\{[^}]*\})", r"\1 \2 away", story)
    return re.sub(r"\b(loses|lost|gives|gave) (\{[^}]*\})(?: away| to a friend|(?=\.))", loss, story), question


def named_once(story: str, question: str, rng: Random) -> tuple[str, str]:
    """A thing that was named already is not named again."""
    first = re.search(r"\{[a-d] thing\}|\{things\}", story)
    if not first:
        return story, question
    rest = story[first.end() :]
    if " of {things}." in rest:
        rest = rest.replace(" of {things}.", ".", 1)
    elif "each" in rest.lower():
        rest = re.sub(r"\{([a-d]) thing\}", r"{\1}", rest, count=1)
    return story[: first.end()] + rest, question


def other_order(story: str, question: str, rng: Random) -> tuple[str, str]:
    """First what somebody gets, then what there was before."""
    had = re.match(rf"{{name}} (?:has|had) ({{a [a-z]+}})(?:\. {{He}}| and) ((?:{GAIN}|earns|earned) [^,]*\. )$", story)
    if had and not LOSS.search(story) and " and " not in had[2] and " more" not in had[2] and "thing}" in had[2]:
        return f"{{name}} {had[2]}{{He}} had {had[1]}. ", question
    return story, question


def from_a_friend(story: str, question: str, rng: Random) -> tuple[str, str]:
    """What somebody gets, a friend gives."""
    if rng.random() < 0.5 or " and " in story:
        return story, question
    story = re.sub(r"\. \{He\} gets ", ". A friend gives {him} ", story, count=1)
    return re.sub(r"\. \{He\} got ", ". A friend gave {him} ", story, count=1), question


def other_tense(story: str, question: str, rng: Random) -> tuple[str, str]:
    """What happened, in the past or the present. The question is about what the person has now."""
    if not re.search(r"does \{he\} (still )?have|are left|is that", question) or "{other}" in story:
        return story, question
    words = PRESENT if any(f" {past} " in story for past in PRESENT) else PAST
    return re.sub(r"(?<=[ }])[a-z]+(?= )", lambda found: words.get(found[0], found[0]), story), question


def in_passing(story: str, question: str, rng: Random) -> tuple[str, str]:
    """A word that adds nothing: "also", "then", "already"."""
    if rng.random() < 0.5:
        return re.sub(r"^\{name\} (has|had) ", r"{name} already \1 ", story), question
    word = rng.choice(("also ", "then ", "now "))
    return re.sub(
        rf"(\. {{He}} | and )(?={GAIN}|loses|lost|gives|gave|saves|earns|spends)", rf"\1{word}", story
    ), question


def name_again(story: str, question: str, rng: Random) -> tuple[str, str]:
    """The name where "he" or "she" begins a sentence."""
    return story.replace(". {He} ", ". {name} ", 1), question


def other_question(story: str, question: str, rng: Random) -> tuple[str, str]:
    """Another way to ask how many there are in the end."""
    asked = re.fullmatch(r"How many (\{things\}|dollars) (are left|is that|does \{he\}.* have\b)(.*)\?", question)
    if not asked or "{other}" in story or "after" in asked[3]:
        return story, question
    left = "left" in question or "still" in question or (asked[3] == " now" and LOSS.search(story))
    return story, f"How many {asked[1]} {rng.choice(LEFT if left else IN_ALL)}?"


RULES: tuple[Rule, ...] = (
    more, each, one_sentence, other_verb, named_once, other_order, from_a_friend, other_tense, in_passing, name_again,
    other_question,
)  # fmt: skip


# ---- all that the rules can make ----


class Decisions(Random):
    """In place of random numbers: decides as it is told, and then always for the first choice. The rules ask it for one
    of some options, or whether a number below 1 is below 1/2."""

    def __init__(self, script: Sequence[int]) -> None:
        super().__init__(0)
        self.script, self.taken = script, list[tuple[int, int]]()
        """taken: for each decision the option that was taken, and how many there were."""

    def decide(self, options: int) -> int:
        """The option to take, from 0; notes it in `taken`."""
        taken = self.script[len(self.taken)] if len(self.taken) < len(self.script) else 0
        self.taken.append((taken, options))
        return taken

    def random(self) -> float:
        """0, or 1/2."""
        return (0.0, 0.5)[self.decide(2)]

    def choice(self, seq: Any) -> Any:
        """One of the options."""
        return seq[self.decide(len(seq))]


def outcomes(rule: Rule, story: str, question: str) -> Iterator[tuple[str, str]]:
    """Everything that a rule can make of a wording, whatever is drawn."""
    script: list[int] = []
    while True:
        drawn = Decisions(script)
        yield rule(story, question, drawn)
        taken = drawn.taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:  # the last option of the last decision: go on before it
            taken.pop()
        if not taken:
            return
        script = [*(option for option, _ in taken[:-1]), taken[-1][0] + 1]


def rephrasings(wording: str) -> set[str]:
    """All that `rephrase` can make of a wording, the wording itself among them."""
    found = {told(wording)}
    for rule in RULES:
        found |= {outcome for story, question in found for outcome in outcomes(rule, story, question)}
    return {story + question for story, question in found}
