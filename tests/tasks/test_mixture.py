"""Mixtures: shares, splits, each problem judged by its own task's checker; names that hold anywhere."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import tasks
from minirl.tasks.mixture import Mixture, parts_of, turns

NAME = "gsm8k:2,aqua/dev,strategyqa:0.5"
pytestmark = pytest.mark.usefixtures("made_up_datasets")


def counts(problems) -> Counter:
    return Counter(problem.key.partition(":")[0] for problem in problems)


def test_shares_are_the_weights_from_the_first_problem_on() -> None:
    task = tasks.get(NAME)
    for n in (7, 14, 70):
        assert counts(task.problems("train", n, 3)) == {"gsm8k": 4 * n / 7, "aqua": 2 * n / 7, "strategyqa": n / 7}
    assert task.problems("train", 30, 3) == task.problems("train", 90, 3)[:30]
    assert counts(task.batch(5, 70)) == counts(task.problems("train", 70))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_turns_are_spread_evenly(weights: list[int]) -> None:
    order = turns(weights)
    assert Counter(order) == dict(enumerate(weights))
    total = sum(weights)
    for k in range(total):
        for place, weight in enumerate(weights):
            assert abs(order[:k].count(place) - k * weight / total) < len(weights)


def test_a_task_without_problems_left_is_passed_over() -> None:
    task = tasks.get("aqua/dev:9,gsm8k")
    size = task.size("train")
    assert size == tasks.get("aqua").size("dev") + tasks.get("gsm8k").size("train")
    drawn = task.problems("train", size)
    assert len({problem.key for problem in drawn}) == size
    with pytest.raises(ValueError, match=f"holds {size} problems; {size + 1} were"):
        task.problems("train", size + 1)


def test_the_split_that_is_learned_from_is_not_asked_too() -> None:
    task = tasks.get(NAME)
    learned = {problem.key for problem in task.problems("train", task.size("train"))}
    for split in ("dev", "test"):
        asked = task.problems(split, task.size(split))
        assert asked and not learned & {problem.key for problem in asked}
    assert "aqua" not in counts(task.problems("dev", task.size("dev")))
    assert "aqua" in counts(task.problems("test", task.size("test")))


@settings(max_examples=10)
@given(st.integers(1, 20), st.integers(1, 4), st.integers(0, 3))
def test_batches_follow_each_other(n: int, batches: int, seed: int) -> None:
    task = tasks.get(NAME)
    drawn = [problem for number in range(batches) for problem in task.batch(number, n, seed)]
    assert drawn == task.batch(0, n * batches, seed)


def test_each_problem_is_judged_by_its_own_checker(tmp_path: Path) -> None:
    file = tmp_path / "my.jsonl"
    records = [{"question": f"Which is number {n}?", "answer": f"the {n}th"} for n in range(40)]
    file.write_text("\n".join(map(json.dumps, records)))
    task = tasks.get(f"gsm8k,aqua,strategyqa,science,{file}")
    for problem in task.problems("train", 50):
        assert task.checker.check(problem, problem.completion)
        assert not task.checker.check(problem, "\nAnswer: nothing of that kind")
    numbers = next(p for p in task.problems("train", 50) if p.key.startswith("gsm8k"))
    assert task.checker.check(numbers, f"\nAnswer: {numbers.answer}.00"), "as numbers"
    assert task.checker.same_answer(numbers, "\nAnswer: 7", "\nAnswer: 7.0")
    with pytest.raises(ValueError, match="is of none of the tasks gsm8k, aqua"):
        task.checker.check(tasks.get("svamp").problems("train", 1)[0], "\nAnswer: 7")


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tasks.whole_name("gsm8k:2,my.jsonl:0.5,aqua/dev") == f"gsm8k:2,{tmp_path / 'my.jsonl'}:0.5,aqua/dev"
    assert tasks.is_known("gsm8k:2,my.jsonl,puzzles:Larger:3")
    assert [str(part) for part in parts_of("a:B:2, gsm8k")] == ["a:B:2", "gsm8k"]
    assert isinstance(tasks.get(NAME), Mixture)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gsm8k,", "has an empty part"),
        ("gsm8k,gsm8k:2", "names gsm8k twice"),
        ("gsm8k:0,svamp", "the weight of gsm8k is 0"),
        ("gsm8k:5000,svamp", "the weight of gsm8k is 5000"),
        ("gsm8k,nothing", "no task is called 'nothing'"),
    ],
)
def test_what_is_no_mixture(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tasks.get(name)
