"""Look it up: what the library holds, what the demonstrations search for, and which answer is right."""

import random
import re
from functools import lru_cache
from itertools import combinations

import pytest

from minirl.tasks import get
from minirl.tasks.look_up import PEOPLE, TOOL_NAME, library
from minirl.tasks.open_book import UNKNOWN
from minirl.tasks.task import Problem
from minirl.tools.named import named
from minirl.tools.tool import ToolError

TASK = get("look_up")
CALL = re.compile(r"<\|tool\|>search ([^<]+)<\|/tool\|><\|result\|>([^<]*)<\|/result\|> (.*)", re.DOTALL)


@lru_cache
def made(split: str) -> list[Problem]:
    return TASK.problems(split, 150, seed=5)


def test_the_splits_share_no_problem() -> None:
    keys = {split: {problem.key for problem in TASK.problems(split, 400)} for split in TASK.splits}
    assert not any(keys[one] & keys[other] for one, other in combinations(keys, 2))


@pytest.mark.parametrize("split", TASK.splits)
def test_the_answer_is_what_the_library_says(split: str) -> None:
    worlds, _ = library()
    facts = {(fact.person, fact.attribute): fact for world in worlds.values() for fact in world.facts}
    for problem in made(split):
        person, _, attribute = problem.key.partition(" ")
        fact = facts.get((person, attribute))
        assert problem.answer == (fact.value if fact else UNKNOWN)
        assert person in problem.question and f"{person} " not in problem.answer
        assert TASK.checker.check(problem, problem.completion)
    answers = [problem.answer == UNKNOWN for problem in made(split)]
    share = sum(answers) / len(answers)
    assert share == {"test": 0, "missing": 1}.get(split, share) and (split == "missing" or share < 0.35)


@pytest.mark.parametrize("split", TASK.splits)
def test_a_demonstration_shows_what_the_tool_really_answers(split: str) -> None:
    tool = named(TOOL_NAME)
    for problem in made(split):
        found = CALL.match(problem.completion)
        assert found, problem.completion
        query, result, rest = found.groups()
        assert tool.call(query) == result
        person, _, attribute = problem.key.partition(" ")
        assert rest.startswith(f"The {attribute} of {person} is ")
        assert "is not said." in rest if problem.answer == UNKNOWN else problem.answer in result


def test_no_query_knows_the_answer() -> None:
    """A word of the answer stands in a query only where the question has it."""
    for problem in made("train"):
        found = CALL.match(problem.completion)
        assert found
        assert problem.answer not in found[1].split() or problem.answer in problem.question


def test_practice_is_about_nobody_who_is_asked_about_in_a_test() -> None:
    worlds, _ = library()
    tested = {name for split in ("dev", "test") for name in worlds[split].people}
    rng = random.Random(1)
    documents = ["".join(text for text, _ in TASK.practice(iter(()), rng)) for _ in range(200)]
    words = set(re.findall(r"\w+", " ".join(documents)))
    assert not words & tested and "search" in words and "Facts" in words


def test_the_tool_searches_everybody() -> None:
    tool = named(TOOL_NAME)
    worlds, index = library()
    assert len(index) == 6 * sum(PEOPLE.values())
    for world in worlds.values():
        fact = world.facts[7]
        assert fact.text in tool.call(fact.text)
    with pytest.raises(ToolError, match="xyzzy"):
        tool.call("xyzzy")
