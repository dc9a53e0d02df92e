"""The running example in other words."""

import re

import pytest

from minirl.tasks import WordProblems
from minirl.tasks.rewordings import rewordings
from minirl.tasks.word_problems import ROGER
from minirl.tasks.words import PEOPLE, THINGS


def test_there_are_twenty_different_ones_of_one_problem() -> None:
    problems = rewordings()
    assert len({problem.question for problem in problems}) == 20
    assert {problem.key for problem in problems} == {ROGER.key} and {problem.answer for problem in problems} == {"11"}
    assert ROGER.question not in {problem.question for problem in problems}


def test_all_have_the_numbers_of_the_example_and_people_and_things_of_the_stories() -> None:
    things = {thing.many for thing in THINGS}
    for problem in rewordings():
        assert sorted(re.findall(r"\d+", problem.question)) == ["2", "3", "5"]
        assert problem.question.split()[0] in {person.name for person in PEOPLE}
        assert any(f" {thing} " in problem.question for thing in things)


def test_their_reasoning_is_right() -> None:
    checker = WordProblems().checker
    assert all(checker.check(problem, problem.completion) for problem in rewordings())


def skeleton(question: str) -> str:
    """A question without its names, pronouns, things and packs."""
    changing = [person.name for person in PEOPLE] + [t for thing in THINGS for t in (thing.many, thing.one, thing.pack)]
    longest_first = sorted(filter(None, changing), key=len, reverse=True)
    text = re.sub(rf"\b({'|'.join(longest_first)})(es|s)?\b", "_", question)
    return re.sub(r"\b(she|her|him|his|he)\b", "he", re.sub(r"\d+", "#", text).lower())


@pytest.mark.parametrize("split", ["train", "dev", "test", "unseen"])
def test_no_problem_of_the_task_has_one_of_these_wordings(split: str) -> None:
    known = {skeleton(problem.question) for problem in WordProblems().problems(split, 3000)}
    assert not known & {skeleton(problem.question) for problem in rewordings()}
    assert skeleton(ROGER.question) in known
