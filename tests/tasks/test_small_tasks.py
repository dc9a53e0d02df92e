"""Addition and countdown, and what every task promises."""

import itertools
import re

import pytest

from minirl import tasks
from minirl.tasks.arithmetic import addition
from minirl.tasks.awkward import FORMULAS, NOT_FORMULAS
from minirl.tasks.countdown import countdown
from minirl.tasks.task import Problem


@pytest.mark.parametrize("name", sorted(tasks.TASKS))
@pytest.mark.usefixtures("made_up_datasets")
def test_every_task_keeps_its_promises(name: str) -> None:
    task = tasks.get(name)
    assert task.name == name and set(task.splits) >= {"train", "dev", "test"}
    keys = {}
    for split in task.splits:
        problems = task.problems(split, 40, seed=7)
        assert len(problems) == 40 and problems == tasks.get(name).problems(split, 40, seed=7)
        assert problems[:10] == task.problems(split, 10, seed=7)
        assert all(task.checker.check(problem, problem.completion) for problem in problems)
        assert not any(task.checker.check(problem, problem.prompt) for problem in problems)
        keys[split] = {problem.key for problem in problems}
    for one, other in itertools.combinations(keys, 2):
        assert not keys[one] & keys[other]
    with pytest.raises(ValueError, match="train, dev, test"):
        task.problems("", 1)


def test_prompt_and_completion() -> None:
    problem = Problem("Who?", "Roger did it.", "Roger", "who")
    assert problem.prompt == "Q: Who?\nReasoning:"
    assert problem.completion == " Roger did it.\nAnswer: Roger<|end|>"


@pytest.mark.parametrize("digits", [1, 2, 3, 8])
def test_sums_by_columns(digits: int) -> None:
    for problem in tasks.get("arithmetic", digits=digits).problems("train", 200):
        a, b = re.findall(r"\d+", problem.question)
        assert len(a) == len(b) == digits and int(problem.answer) == int(a) + int(b)
        written = re.findall(r"[Ww]rite (\d)", problem.reasoning)
        assert "".join(reversed(written)) == problem.answer


def test_a_sum_and_its_mirror_image_are_one_problem() -> None:
    assert addition(12, 34).key == addition(34, 12).key
    assert addition(47, 85).reasoning == (
        "47 + 85 is added from the right. 7 + 5 = 12, write 2, carry 1. 4 + 8 + 1 = 13, write 3, carry 1. Write 1."
    )


@pytest.mark.parametrize("digits", [0, 21])
def test_digits_out_of_range(digits: int) -> None:
    with pytest.raises(ValueError, match=str(digits)):
        tasks.get("arithmetic", digits=digits)


@pytest.mark.parametrize("answer", [*FORMULAS, *NOT_FORMULAS], ids=lambda text: text[:20])
def test_countdown_takes_only_one_operation_on_the_given_numbers(answer: str) -> None:
    checker = tasks.get("countdown").checker
    right = answer in FORMULAS
    assert checker.check(countdown(3, 7, 21), f" 21 is wanted.\nAnswer: {answer}") == right


def test_countdown_divides_exactly_and_not_by_zero() -> None:
    checker = tasks.get("countdown").checker
    assert checker.check(countdown(12, 4, 3), "Answer: 12 / 4")
    assert not checker.check(countdown(12, 4, 3), "Answer: 4 / 12")
    assert not checker.check(Problem("Make 3 from 3 and 0.", "", "3 + 0", ""), "Answer: 3 / 0")


def test_countdown_needs_its_own_question() -> None:
    with pytest.raises(ValueError, match="Make 21"):
        tasks.get("countdown").checker.check(addition(1, 2), "Answer: 3")
    with pytest.raises(ValueError, match="no operation"):
        countdown(3, 7, 1000)


def test_a_name_of_any_length_is_refused_in_a_short_line() -> None:
    with pytest.raises(ValueError, match="no task is called 'xxx") as caught:
        tasks.get("x" * 5000)
    assert len(str(caught.value)) < 350
