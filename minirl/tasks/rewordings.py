"""Our running example in twenty other wordings: does a model solve the problem, or does it know the sentences?

All ask for 5 + 2 * 3 = 11. No wording is one of the two that the story "packs more" has. Where training tells a problem
in other words (rephrase.py), it leaves out these twenty, with other names, things and numbers too. Names and things
change, objects have one word or two, "more" and "each" come and go, and once the order of the numbers changes. They
were written before the training recipe was tuned, and nothing was tuned on them.
"""

import re
from functools import lru_cache

from minirl.tasks.task import Problem
from minirl.tasks.words import ADJECTIVES, CONTAINERS, PEOPLE, THINGS, plural

QUESTIONS = """
Roger has 5 tennis balls. He buys 2 cans of tennis balls. Each can has 3 tennis balls. How many tennis balls is that?
Roger has 5 tennis balls. He buys 2 more cans. Each can has 3 tennis balls. How many tennis balls does he have now?
Roger has 5 tennis balls. He gets 2 more cans of tennis balls. Each can has 3. How many tennis balls does he have now?
Roger has 5 tennis balls. He buys 2 more cans of 3 tennis balls each. How many tennis balls does he have in all?
Roger has 5 tennis balls and buys 2 cans with 3 tennis balls each. How many tennis balls does he have now?
Roger has 5 tennis balls and gets 2 more cans with 3 in each. How many tennis balls does he have in all?
Roger had 5 tennis balls and bought 2 more cans. Each can had 3 tennis balls. How many tennis balls does he have now?
Roger had 5 tennis balls and got 2 cans of 3 tennis balls each. How many tennis balls is that in all?
Roger has 5 tennis balls. He buys 2 more cans with 3 tennis balls in each. How many tennis balls is that?
Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3. How many tennis balls does Roger have?
Roger buys 2 cans with 3 tennis balls each. He had 5 tennis balls. How many tennis balls does he have now?
Roger has 5 tennis balls. A friend gives him 2 cans of 3 tennis balls each. How many tennis balls does he have now?
Eva has 5 tennis balls. She buys 2 cans of tennis balls. There are 3 in each can. How many tennis balls does she have?
Amy has 5 tennis balls. She finds 2 more cans with 3 tennis balls each. How many tennis balls does she have in all?
Mia has 5 toy cars. She buys 2 boxes of toy cars. Each box has 3 toy cars. How many toy cars does she have now?
Kofi has 5 toy cars and gets 2 more boxes of 3 toy cars each. How many toy cars does he have now?
Lena has 5 toy cars. She buys 2 more boxes. Each box holds 3 toy cars. How many toy cars does she have in all?
Roger has 5 apples. He buys 2 more bags. There are 3 apples in each bag. How many apples does he have now?
Sara has 5 books and buys 2 more packs of books. Each pack has 3 books. How many books does she have in all?
Tom had 5 cookies. He got 2 boxes of cookies with 3 in each. How many cookies does he have now?
""".strip().splitlines()


def rewordings() -> list[Problem]:
    """The twenty problems. Each is the running example by its key; its reasoning is one way to solve it."""
    return [
        Problem(question, f"{question.split()[0]} has 2 * 3 = 6. 5 + 6 = 11.", "11", "packs more 5 2 3")
        for question in QUESTIONS
    ]


def frame(question: str) -> str:
    """The question without names, pronouns, things, packs and numbers: "_ has _. _ buys _ more _. ..." """
    words = re.findall(r"\w+|[^\w\s]", question)
    kept = " ".join("_" if word in _fillings() or word.isdigit() else word for word in words)
    return re.sub(r" (?=[.,?])", "", re.sub(r"_( _)+", "_", kept))


@lru_cache(maxsize=1)
def held_out_frames() -> frozenset[str]:
    """The frames of the twenty questions."""
    return frozenset(map(frame, QUESTIONS))


@lru_cache(maxsize=1)
def _fillings() -> frozenset[str]:
    """The words that fill a wording's holes."""
    nouns = [noun for thing in THINGS for noun in (thing.one, thing.many, thing.pack, plural(thing.pack))]
    containers = " ".join(CONTAINERS.values()).split()
    nouns += [*containers, *map(plural, containers), *ADJECTIVES.values()]
    people = [word for one in PEOPLE for word in (one.name, one.he, one.he.title(), one.his, one.him)]
    return frozenset(word for text in (*nouns, *people) for word in text.split())
