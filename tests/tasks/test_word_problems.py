"""Word problems: right, readable, in splits that share nothing, the same for the same seed."""

import hashlib
import itertools
import re
from collections import Counter
from functools import cache

import pytest

from minirl import tasks
from minirl.tasks.stories import STORIES
from minirl.tasks.word_problems import LARGEST, WordProblem, number_split, running_example
from minirl.tasks.words import PEOPLE, THINGS

SPLITS = ("train", "dev", "test", "unseen")
NUMBER = re.compile(r"\d+")


@cache
def sample(split: str) -> list[WordProblem]:
    problems = tasks.get("word_problems").problems(split, 8000 if split == "train" else 2000, seed=11)
    assert all(isinstance(problem, WordProblem) for problem in problems)
    return problems  # type: ignore[return-value]


def everything() -> list[WordProblem]:
    return [problem for split in SPLITS for problem in sample(split)]


def numbers(problem: WordProblem) -> tuple[int, ...]:
    return tuple(int(number) for number in NUMBER.findall(problem.question))


def test_the_problem_of_the_notes() -> None:
    problem = running_example()
    assert problem.question == (
        "Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. "
        "How many tennis balls does he have now?"
    )
    assert problem.prompt == f"Q: {problem.question}\nReasoning:"
    assert problem.completion == (" Roger has 5 tennis balls. 2 cans of 3 is 2 * 3 = 6. 5 + 6 = 11.\nAnswer: 11<|end|>")
    assert number_split(problem.story, problem.numbers) == "test"


def test_there_are_many_stories_names_and_things() -> None:
    assert len(STORIES) == len({story.name for story in STORIES}) == 28
    assert all(len(set(story.wordings)) >= 2 for story in STORIES)
    assert Counter(story.level for story in STORIES) == {1: 9, 2: 14, 3: 5}
    assert len({person.name for person in PEOPLE}) == 60
    assert len({thing.many for thing in THINGS}) >= 48
    assert {problem.story for problem in sample("unseen")} == {story.name for story in STORIES}
    assert {sign for problem in sample("unseen") for sign in re.findall(r" ([-+*/]) ", problem.reasoning)} == set(
        "+-*/"
    )


@pytest.mark.parametrize("split", SPLITS)
def test_solutions_are_right(split: str) -> None:
    checker = tasks.get("word_problems").checker
    for problem in sample(split):
        steps = re.findall(r"(\d+) ([-+*/]) (\d+) = (\d+)", problem.reasoning)
        assert len(steps) == problem.level
        known = set(problem.numbers)
        for a, sign, b, result in steps:
            assert {int(a), int(b)} <= known, problem  # no number comes from nowhere
            assert {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b), "/": int(a) / int(b)}[
                sign
            ] == int(result)
            known.add(int(result))
        assert problem.answer == steps[-1][3]
        assert all(1 <= number <= LARGEST for number in known)
        assert checker.check(problem, problem.completion)
        assert not checker.check(problem, problem.completion.replace("Answer: ", "Answer: 1"))


def test_reasoning_opens_with_the_subject_of_the_question() -> None:
    for problem in everything():
        assert problem.question.split()[0] == problem.reasoning.split()[0] == problem.people[0]


def test_a_problem_knows_its_numbers() -> None:
    for problem in everything():
        assert sorted(numbers(problem)) == sorted(problem.numbers)  # some are told in another order
        assert problem.key == " ".join([problem.story, *map(str, problem.numbers)])


def test_texts_are_written_well() -> None:
    singular = {thing.one for thing in THINGS} | {"bag", "box", "basket", "pack", "can"}
    plural = {thing.many for thing in THINGS} | {"bags", "boxes", "baskets", "packs", "cans"}
    for problem in everything():
        for text in (problem.question, problem.reasoning):
            assert "{" not in text and "  " not in text
            for number, word, second in re.findall(r"(\d+) ([a-z]+)(?: ([a-z]+))?", text):
                noun = f"{word} {second}" if word in ("toy", "tennis") else word
                assert noun not in (plural if number == "1" else singular), text
        assert problem.question.endswith("?") and problem.reasoning.endswith(".")
        wrong = r"\b[Ss]he\b|\bher\b" if problem.people[0] in ("Roger", "Tom", "Ben") else "^$"
        assert not re.search(wrong, problem.question)
        assert len(set(problem.people)) == len(problem.people)


def test_splits_share_no_problem() -> None:
    for one, other in itertools.combinations(SPLITS, 2):
        assert not {problem.key for problem in sample(one)} & {problem.key for problem in sample(other)}
        assert not {problem.question for problem in sample(one)} & {problem.question for problem in sample(other)}


def test_hard_shares_neither_numbers_nor_pairs() -> None:
    seen = [problem for split in SPLITS[:3] for problem in sample(split)]
    tuples = {tuple(sorted(numbers(problem))) for problem in seen}
    pairs = {(name, problem.thing) for problem in seen for name in problem.people}
    for problem in sample("unseen"):
        assert tuple(sorted(numbers(problem))) not in tuples
        assert all((name, problem.thing) not in pairs for name in problem.people)


def test_every_story_has_problems_in_every_split() -> None:
    for split in SPLITS:
        keys = Counter(key.rstrip("0123456789 ") for key in {problem.key for problem in sample(split)})
        assert set(keys) == {story.name for story in STORIES}
        assert min(keys.values()) >= 4


def test_stories_are_equally_frequent() -> None:
    counts = Counter(problem.story for problem in sample("train"))
    assert min(counts.values()) > 0.7 * len(sample("train")) / len(STORIES)  # 5 standard deviations below the mean


@pytest.mark.parametrize("split", SPLITS)
def test_same_seed_same_problems(split: str) -> None:
    task = tasks.get("word_problems")
    problems = task.problems(split, 200, seed=3)
    assert tasks.get("word_problems").problems(split, 200, seed=3) == problems
    assert task.problems(split, 50, seed=3) == problems[:50]
    assert task.problems(split, 200, seed=4) != problems
    assert task.problems(split, 0) == []


def test_evaluation_never_asks_a_question_twice() -> None:
    for split in SPLITS[1:]:
        assert len({problem.question for problem in sample(split)}) == len(sample(split))


def test_training_problems_do_not_run_out() -> None:
    task = tasks.get("word_problems")
    first, second = ({p.question for p in task.problems("train", 1000, seed=seed)} for seed in (1, 2))
    assert len(first) > 980 and len(first & second) < 30


@pytest.mark.parametrize("levels", [(1,), (2,), (3,), (1, 3)])
def test_levels(levels: tuple[int, ...]) -> None:
    problems = tasks.get("word_problems", levels=levels).problems("unseen", 200)
    assert {problem.level for problem in problems} == set(levels)  # type: ignore[attr-defined]


@pytest.mark.parametrize("levels", [(), (0,), (1, 4)])
def test_wrong_levels(levels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="levels"):
        tasks.get("word_problems", levels=levels)


def test_wrong_names() -> None:
    with pytest.raises(ValueError, match="unseen"):
        tasks.get("word_problems").problems("valid", 1)
    with pytest.raises(ValueError, match="word_problems"):
        tasks.get("words")


def test_the_held_out_problems_are_those_that_it_always_had():
    """Its former name draws them too. Results of all versions can be compared only as long as this holds."""
    task = tasks.get("word_problems")
    questions = "\n".join(problem.question for problem in task.problems("unseen", 500))
    expected = "4c176ed80ead31ae6cfcc583fccbfe5965ed384539e18be1d972b93302b1e598"
    assert hashlib.sha256(questions.encode()).hexdigest() == expected
    assert task.problems("hard", 500) == task.problems("unseen", 500)


def test_stories_of_training_come_in_rounds() -> None:
    """So every story has its share of any few problems; the other splits are draws."""
    task = tasks.get("word_problems")
    drawn = [problem.story for problem in task.problems("train", 5 * len(STORIES), 3)]  # type: ignore[attr-defined]
    rounds = [drawn[start : start + len(STORIES)] for start in range(0, len(drawn), len(STORIES))]
    assert all(sorted(one) == sorted(story.name for story in STORIES) for one in rounds)
    assert len(set(map(tuple, rounds))) == 5
    others = Counter(problem.story for problem in task.problems("dev", 5 * len(STORIES), 3))  # type: ignore[attr-defined]
    assert max(others.values()) > 5
