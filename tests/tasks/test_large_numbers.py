"""Word problems with large numbers: the splits, the solutions with and without calls, the documents of practice."""

import random
import re
from itertools import combinations

import pytest

from minirl.generate.equations import equations
from minirl.tasks import get
from minirl.tasks.corpus import pretraining_documents, rehearsed_kinds
from minirl.tasks.task import END
from minirl.tokenizer.special import TOOL
from minirl.tools import calculator

CALL = re.compile(r"<\|tool\|>calculator ([^<]*)<\|/tool\|><\|result\|>([^<]*)<\|/result\|> ([0-9]+)")
WITH, WITHOUT = get("large_numbers"), get("large_numbers").with_tools(())


def test_the_splits_share_no_problem() -> None:
    keys = {split: {problem.key for problem in WITH.problems(split, 400)} for split in WITH.splits}
    assert set(keys) == {"train", "dev", "test", "unseen"}
    assert not any(keys[one] & keys[other] for one, other in combinations(keys, 2))


def test_calls_are_right_and_lead_to_the_answer() -> None:
    for split in WITH.splits:
        for problem in WITH.problems(split, 100):
            calls = CALL.findall(problem.completion)
            assert calls and all(calculator.call(argument) == result == said for argument, result, said in calls)
            assert calls[-1][1] == problem.answer
            said = CALL.sub(r" \3", problem.completion)
            assert WITH.checker.check(problem, said) and TOOL not in said


def test_without_a_tool_every_calculation_is_worked_out() -> None:
    for problem in WITHOUT.problems("train", 100):
        assert TOOL not in problem.completion
        assert WITHOUT.checker.check(problem, problem.completion)
        steps = equations(problem.reasoning)
        assert len(steps) >= 3 and all(step.holds for step in steps)


def test_both_have_the_same_problems() -> None:
    for split in WITH.splits:
        pairs = zip(WITH.problems(split, 50, seed=3), WITHOUT.problems(split, 50, seed=3), strict=True)
        assert all((a.question, a.answer, a.key) == (b.question, b.answer, b.key) for a, b in pairs)
    assert WITH.tools == ("calculator",) and WITHOUT.tools == ()


def test_the_numbers_are_too_large_for_the_head() -> None:
    numbers = [int(n) for problem in WITH.problems("unseen", 300) for n in re.findall(r"\d+", problem.question)]
    assert max(numbers) <= 999 and min(numbers) >= 12
    assert sum(number >= 100 for number in numbers) > len(numbers) / 2


@pytest.mark.parametrize("task", [WITH, WITHOUT], ids=["with", "without"])
def test_practice_calculates_rightly_with_the_numbers_it_has(task: type) -> None:
    problems, rng = task.endless("train"), random.Random(0)
    for _ in range(200):
        document = task.practice(problems, rng)
        assert document[-1] == (END, 1.0)
        text = "".join(piece for piece, _ in document)
        assert text.count("Q: ") <= 1
        calls = CALL.findall(text)
        assert len(calls) == (2 if task.tools else 0)
        for argument, result, said in calls:
            assert calculator.call(argument) == result == said
        assert all(step.holds for step in equations(text))
        known = set(re.findall(r"\d+", text[: text.index("<|tool|>")])) if task.tools else set()
        for argument, result, _ in calls:
            assert set(re.findall(r"\d+", argument)) <= known
            known.add(result)


def test_pretraining_and_rehearsal_read_practice_and_no_solution() -> None:
    texts = ["".join(piece for piece, _ in document) for document in pretraining_documents(WITH, 300)]
    assert any(TOOL in text for text in texts)
    assert not any("Answer:" in text for text in texts)
    assert rehearsed_kinds(WITH) == {"practice": WITH.documents["practice"]}
    with pytest.raises(NotImplementedError, match="word_problems"):
        next(pretraining_documents(get("word_problems"), 1, kinds={"practice": 1.0}))
