"""Reasoning quality: which equations count, and that every model solution is valid."""

import pytest

from minirl.rl.quality import examine, grade, is_valid, quality_reward
from minirl.tasks import ROGER, Problem, get
from minirl.tasks.corpus import pretraining_documents
from minirl.tasks.more_than import MoreThan

RIGHT = " Roger has 5 tennis balls. 2 cans of 3 is 2 * 3 = 6. 5 + 6 = 11.\nAnswer: 11"


@pytest.mark.parametrize(
    "text, counted, valid",
    [
        (RIGHT, 2, True),
        (" 1 + 1 = 2. 2 * 3 = 6. 5 + 6 = 11.\nAnswer: 11", 2, True),  # the idle one earns nothing
        (" 1 + 1 = 2.\nAnswer: 11", 0, False),  # it alone even less
        (" 2 * 3 = 6. 5 + 6 = 12. 6 + 5 = 11.\nAnswer: 11", 2, False),  # one is false
        (" 5 + 6 = 11.\nAnswer: 11", 0, False),  # where does the 6 come from?
        (" 2 * 3 = 6. 5 + 2 = 7.\nAnswer: 11", 0, False),  # nothing is used
        (" 2 * 3 = 6. 5 + 6 = 11.\nAnswer: 12", 0, False),  # the answer is no result
        ("\nAnswer: 11", 0, False),
        (" 5 + 2 = 7. 7 + 3 = 10. 10 + 1 = 11.\nAnswer: 11", 0, False),  # 1 is in no question
    ],
)
def test_what_counts(text, counted, valid):
    found = examine(ROGER, text)
    assert (found.counted, found.valid) == (counted, valid)
    assert quality_reward(get("word_problems"))(ROGER, text, True) == float(valid and text.endswith(" 11"))


def test_a_reward_needs_both():
    reward = quality_reward(get("word_problems"))
    assert reward(ROGER, RIGHT, True) == 1 and reward(ROGER, RIGHT, False) == 0
    wrong = Problem(ROGER.question, ROGER.reasoning, "12", "")
    assert is_valid(wrong, RIGHT) and reward(wrong, RIGHT, True) == 0


def test_yes_needs_a_result_that_is_compared():
    asked = Problem("Mia has 5 pens and 6 pencils. Is it more than 9?", "", "yes", "")
    assert is_valid(asked, " 5 + 6 = 11. 11 is more than 9.\nAnswer: yes")
    assert not is_valid(asked, " 5 + 6 = 11. 9 is more than 9.\nAnswer: yes")
    assert not is_valid(asked, " 9 is more than 5.\nAnswer: yes")
    assert not is_valid(asked, " 5 + 6 = 12. 12 is more than 9.\nAnswer: yes")


@pytest.mark.parametrize("name", ["word_problems", "more_than"])
def test_every_model_solution_is_valid(name):
    task = get(name)
    for problem in task.problems("train", 400):
        text = problem.completion.removesuffix("<|end|>")
        assert grade(task, problem, text, True) == 2, (problem.question, text)
        assert quality_reward(task)(problem, text, True) == 1


def test_grades_are_ordered():
    task = get("word_problems")
    texts = ["\nAnswer: 12", " 2 * 3 = 6. 5 + 6 = 12.\nAnswer: 12", "\nAnswer: 11", RIGHT]
    assert [grade(task, ROGER, text, True) for text in texts] == [0, 0.5, 1, 2]
    assert grade(task, ROGER, RIGHT, False) == 0


def test_half_of_the_answers_of_more_than_are_yes_and_all_are_right():
    problems = MoreThan().problems("unseen", 400)
    assert 0.4 < sum(p.answer == "yes" for p in problems) / 400 < 0.6
    for p in problems:
        result, other = int(p.reasoning.split()[-5 if p.answer == "yes" else -6]), int(p.question.split()[-1][:-1])
        assert (result > other) == (p.answer == "yes") and other >= 1
    assert MoreThan().problems("unseen", 10) == problems[:10]
    assert {p.key for p in problems} & {p.key for p in MoreThan().problems("train", 400)} == set()


def test_pretraining_can_read_about_more_than():
    assert len(list(pretraining_documents(MoreThan(), 600, seed=1))) == 600
