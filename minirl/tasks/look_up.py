r"""Look it up: the answer stands in a library, and the model has to search for it. The search is an action.

    Q: What does Miran do for a living?
    Reasoning:<|tool|>search job Miran<|/tool|><|result|>The job of Miran is pilot. ...<|/result|>
     The job of Miran is pilot.
    Answer: pilot<|end|>

In open_book.py a search puts facts into the prompt, and its query is always the question. Here the prompt has no facts.
The model writes the query itself, token by token, reads what comes back, and answers. Nobody says which query is good:
the reward is 1 for the right answer, whatever was searched for.

The library holds facts about made-up people (world.py): some whom training asks about, and others whom only the splits
dev, test and missing ask about. All may be found, as in any library.

In the demonstrations of a query chance decides. It takes some words of the question, and perhaps a word that facts use,
such as `job` for "What does Miran do for a living?". Only such queries are kept that find the fact. A model that
imitates them often searches for too little, or for words that many facts have. Which words find facts, is what is left
for reinforcement learning.

In a fifth of the training problems the library does not say what is asked. The right answer is then `unknown`, as in
open_book.py. The split `test` has none of these problems, and the split `missing` has no others.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from minirl.data.document import marked
from minirl.tasks.checker import TextChecker
from minirl.tasks.open_book import GIVEN, MISSING, UNKNOWN, Document, searchable, several, some_people
from minirl.tasks.task import Problem, Task
from minirl.tasks.world import ATTRIBUTES, Fact, World, asked, told
from minirl.tokenizer.special import END_RESULT, END_TOOL, RESULT, TOOL

if TYPE_CHECKING:
    from minirl.retrieval import Index

PLACE = "people"
TOOL_NAME = f"search:{PLACE}"
PEOPLE = {"train": 300, "dev": 60, "test": 300}  # in the library
FOUND = 2  # passages in a result
KEPT, HINT = 0.5, 0.5  # chance of a question's word, and of a word that facts use, to stand in a query
TRIES = 30
FAILED = "error: "  # how the result of a search begins that finds nothing
SEVERAL = 0.3  # of the documents of practice have facts and several questions
WORLDS, WORLD = 500, 24  # worlds that practice is about, and people of each
WORDS = re.compile(r"\w+")


@lru_cache(maxsize=1)
def library() -> tuple[dict[str, World], "Index"]:
    """The people of each split, and the index of all facts about them."""
    worlds = {split: World(random.Random(f"library {split}"), split, people) for split, people in PEOPLE.items()}
    return worlds, searchable([text for world in worlds.values() for text in world.texts])


@dataclass(frozen=True)
class LookUpProblem(Problem):
    """A question, and one way to find its answer."""

    @property
    def solution(self) -> Document:
        return marked(self.completion)

    @property
    def completion(self) -> str:
        """What follows the prompt; the space before a call is left out, because what comes after it begins with one."""
        return super().completion.removeprefix(" ")


class LookUp(Task):
    """Questions about people whom a library knows; the model writes the query."""

    name = "look_up"
    splits = ("train", "dev", "test", "missing")
    checker = TextChecker()
    documents = {"practice": 1.0}  # noqa: RUF012 (nobody changes it)
    tools = (TOOL_NAME,)
    science = False

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        split, rng = self.require_split(split), random.Random(f"look up {split} {seed}")
        worlds, index = library()
        world = worlds.get(split, worlds["test"])
        missing = {"test": 0.0, "missing": 1.0}.get(split, MISSING)
        return [one(world, index, rng, missing) for _ in range(n)]

    def practice(self, problems: Iterator[Problem], rng: random.Random) -> Document:
        """Facts and several questions about them, or a problem about a small made-up world with its solution."""
        if rng.random() < SEVERAL:
            return several(*some_people(rng))
        problem = made_up(rng)
        return [(f"Q: {problem.question}\nReasoning:", GIVEN), *problem.solution]


def made_up(rng: random.Random) -> LookUpProblem:
    """A problem about one of many small worlds, which are not in the library."""
    return one(*_small_world(rng.randrange(WORLDS)), rng, MISSING)


@lru_cache(maxsize=WORLDS)
def _small_world(number: int) -> tuple[World, "Index"]:
    world = World(random.Random(f"practice {number}"), "train", WORLD)
    return world, searchable(world.texts)


# ---- one problem ----


def one(world: World, index: "Index", rng: random.Random, missing: float) -> LookUpProblem:
    """A problem about somebody of this world; with the probability `missing` nothing in the index answers it."""
    known = {(fact.person, fact.attribute): fact for fact in world.facts}
    drawn = rng.choice(world.facts)
    person, attribute = drawn.person, drawn.attribute
    if rng.random() < missing:
        attribute = rng.choice([name for name in ATTRIBUTES if (person, name) not in known])
    fact = known.get((person, attribute))
    question = asked(person, attribute, rng)
    query, found = searched(question, attribute, fact, index, rng)
    reasoning, answer = told(person, attribute, fact.value if fact else None), fact.value if fact else UNKNOWN
    call = f"{TOOL}search {query}{END_TOOL}{RESULT}{found}{END_RESULT} {reasoning}"
    return LookUpProblem(question, call, answer, f"{person} {attribute}")


def searched(question: str, attribute: str, fact: Fact | None, index: "Index", rng: random.Random) -> tuple[str, str]:
    """A query and what it finds. With a fact, it is among what is found: queries that miss it are drawn again."""
    words, hint = WORDS.findall(question), hint_of(attribute, rng)
    for _ in range(TRIES):
        query = [word for word in words if rng.random() < KEPT]
        if rng.random() < HINT:
            query.insert(rng.randint(0, len(query)), hint)
        found = first(index, " ".join(query)) if query else FAILED
        if not found.startswith(FAILED) and (fact is None or fact.text in found):
            return " ".join(query), found
    query = [hint, words[-1]] if fact is None else WORDS.findall(fact.text.replace(fact.value, ""))
    return " ".join(query), first(index, " ".join(query))


def first(index: "Index", query: str) -> str:
    """What the tool answers."""
    from minirl.retrieval.lookup import Lookup  # every program imports the tasks, and few of them search

    return " ".join(Lookup(index, FOUND)(query))


def hint_of(attribute: str, rng: random.Random) -> str:
    """A word that facts about this attribute use."""
    words = WORDS.findall(rng.choice(ATTRIBUTES[attribute].facts).replace("{n}", "").replace("{v}", ""))
    return rng.choice(words)
