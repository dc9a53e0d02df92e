"""A person's own problems: a file of them, or a class by its module."""

import json
from pathlib import Path

import pytest

from minirl import tasks
from minirl.tasks.checker import NumberChecker, TextChecker
from minirl.tasks.own import whole_name
from minirl.tasks.records import DataError
from minirl.tasks.yes_no import YesNoChecker


def write(path: Path, *records: dict) -> str:
    path.write_text("\n".join(map(json.dumps, records)))
    return str(path)


def problem(n: int, **changes: object) -> dict:
    return {"question": f"What is {n} + 1?", "reasoning": f"{n} + 1 = {n + 1}.", "answer": str(n + 1), **changes}


def test_a_file_of_problems(tmp_path):
    name = write(tmp_path / "my.jsonl", *(problem(n) for n in range(100)), problem(3, answer="again"))
    task = tasks.get(name)
    sizes = {split: task.size(split) for split in task.splits}
    assert sum(sizes.values()) == 100, "a question that occurs again is read once"
    assert sizes["train"] > 60 and min(sizes.values()) > 2
    found = [p for split in task.splits for p in task.problems(split, sizes[split])]
    assert len({p.key for p in found}) == 100
    first = next(p for p in found if p.question == "What is 7 + 1?")
    assert (first.reasoning, first.answer) == ("7 + 1 = 8.", "8")
    assert isinstance(task.checker, NumberChecker)
    assert task.checker.check(first, " So.\nAnswer: 8.0")
    assert not task.science
    assert whole_name(name) == name
    assert tasks.get(name).problems("dev", 2) == task.problems("dev", 2)


@pytest.mark.parametrize(
    ("answers", "checker"),
    [(["yes", "no"], YesNoChecker), (["a cat", "7"], TextChecker), (["7", "1/2"], NumberChecker)],
)
def test_the_checker_that_fits_all_answers(tmp_path, answers, checker):
    name = write(tmp_path / "my.jsonl", *(problem(n, answer=a, split="train") for n, a in enumerate(answers)))
    assert isinstance(tasks.get(name).checker, checker)
    name = write(tmp_path / "other.jsonl", {"checker": "text"}, problem(1, split="train"))
    assert isinstance(tasks.get(name).checker, TextChecker)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (problem(1, hint="x"), "line 2: there is no field 'hint'; there are answer, checker"),
        (problem(1, split="exam"), "line 2: 'split' is 'exam'; expected one of train, dev, test"),
        ({"question": "What?"}, "line 2: .*answer"),
        ({"checker": "magic"}, "line 2: "),
    ],
)
def test_records_that_are_wrong_are_named(tmp_path, record, message):
    name = write(tmp_path / "my.jsonl", problem(0, split="train"), record)
    with pytest.raises(DataError, match=rf"my\.jsonl, {message}"):
        tasks.get(name)


def test_files_that_cannot_be_used(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*my\.jsonl; --task names a file"):
        tasks.get(str(tmp_path / "my.jsonl"))
    with pytest.raises(DataError, match="has no problem for training"):
        tasks.get(write(tmp_path / "my.jsonl", problem(1, split="test")))
    with pytest.raises(DataError, match="'checker' is 'magic'; expected one of number, yes-no, text"):
        tasks.get(write(tmp_path / "my.jsonl", {"checker": "magic"}, problem(1)))


MODULE = """
from minirl.tasks.arithmetic import Arithmetic

class Mine(Arithmetic):
    pass

class NoTask:
    pass
"""


def test_a_class_by_its_module(tmp_path, monkeypatch):
    (tmp_path / "my_own_sums.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    task = tasks.get("my_own_sums:Mine")
    assert task.name == "my_own_sums:Mine"
    assert task.problems("test", 3)
    with pytest.raises(ValueError, match=r"'my_own_sums:NoTask' is .*; expected a class derived from"):
        tasks.get("my_own_sums:NoTask")
    with pytest.raises(ValueError, match="my_own_sums has no Other"):
        tasks.get("my_own_sums:Other")
    with pytest.raises(ValueError, match=r"cannot be imported: .*Start the program in the folder of nowhere\.py"):
        tasks.get("nowhere:Mine")
    with pytest.raises(ValueError, match="no task is called 'sudoku'; there are addition, aqua, arc-easy, arithmetic"):
        tasks.get("sudoku")
