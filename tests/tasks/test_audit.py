"""The audit of the checkers: no error of either kind, enough cases, and it does find a checker that errs."""

import re
from collections.abc import Iterator

import pytest

from minirl.tasks import audit as module
from minirl.tasks import awkward
from minirl.tasks.audit import Case, Result, audit, judge, numbers, table
from minirl.tasks.checker import answer_text
from minirl.tasks.task import Problem


@pytest.fixture(scope="module")
def results(made_up_folder) -> Iterator[list[Result]]:  # type: ignore[no-untyped-def]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIRL_DATA_DIR", str(made_up_folder))
        yield audit()


def test_no_checker_errs(results: list[Result]) -> None:
    for result in results:
        assert result.false_positives == [] and result.false_negatives == [], result.answers


def test_there_are_enough_cases_of_both_kinds(results: list[Result]) -> None:
    corpus = {result.answers: result for result in results if result.source == "awkward answers"}
    assert set(corpus) == {"numbers", "letters", "yes or no", "words", "formulas"}
    least = {
        "numbers": (150, 420),
        "letters": (72, 224),
        "yes or no": (76, 430),
        "words": (12, 12),
        "formulas": (8, 36),
    }
    for answers, (right, wrong) in least.items():
        assert corpus[answers].right >= right and corpus[answers].wrong >= wrong


def test_no_case_is_counted_twice() -> None:
    for name, answers in vars(awkward).items():
        if isinstance(answers, list):
            assert len(set(answers)) == len(answers), name


def test_every_answer_of_a_dataset_is_tried(results: list[Result]) -> None:
    datasets = {result.source: result for result in results if result.source != "awkward answers"}
    assert list(datasets) == [f"{name} (train, dev, test)" for name in ("gsm8k", "svamp", "aqua", "strategyqa")]
    for result, problems in zip(datasets.values(), (540, 550, 310, 540), strict=True):
        assert result.right == 6 * problems and result.wrong >= 7 * problems


def test_splits_that_are_not_here_are_not_in_the_table(tmp_path, made_up_folder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path))
    assert {result.source for result in audit()} == {"awkward answers"}
    (tmp_path / "aqua").mkdir()
    (tmp_path / "aqua" / "test.json").write_bytes((made_up_folder / "aqua" / "test.json").read_bytes())
    assert [result.source for result in audit()][5:] == ["aqua (test)"]


class Gullible:
    """Takes the first digits it finds, as a published checker once did: signs and decimals are lost."""

    def check(self, problem: Problem, text: str) -> bool:
        found = re.search(r"\d+", answer_text(text) or "")
        return found is not None and found[0] == problem.answer


def test_a_checker_that_errs_is_found() -> None:
    result = judge(Gullible(), "numbers", "corpus", numbers())
    texts = {case.text for case in result.false_positives}
    assert {"Answer: 18 or 19", "Answer: -18"} <= texts
    assert {"Answer: 1,800", "Answer: -3"} <= {case.text for case in result.false_negatives}
    header, (row,) = table([result])
    errors = len(result.false_positives), len(result.false_negatives)
    shares = [f"{100 * error / cases:.2f}%" for error, cases in zip(errors, (result.wrong, result.right), strict=True)]
    assert row[4:] == [str(errors[0]), shares[0], str(errors[1]), shares[1]]
    assert dict(zip(header, row, strict=True))["false positives"] == str(errors[0])
    told = module.summary([result, result])
    assert f"accept {2 * errors[0]:,} of {2 * result.wrong:,} wrong answers ({shares[0]})" in told
    assert f"refuse {2 * errors[1]:,} of {2 * result.right:,} right answers ({shares[1]})" in told


def test_ways_to_write_an_answer_differ() -> None:
    for problem in (
        Problem("?", "", "18", "k"),
        Problem("?", "", "0", "k"),
        Problem("?", "", "no", "k"),
        module.Choice("?", "", "C", "k", ("1", "2", "3.", "4", "5")),
    ):
        right, wrong = module.ways(problem)
        assert len(set(right)) == 5 and len(set(wrong)) >= 5 and not set(right) & set(wrong)


def test_judge_counts_both_kinds() -> None:
    problem = Problem("?", "", "18", "k")
    cases = [Case(problem, "Answer: 18", True), Case(problem, "Answer: 17", False), Case(problem, "Answer: 19", True)]
    result = judge(Gullible(), "numbers", "three", iter(cases))
    assert (result.right, result.wrong, result.false_positives, result.false_negatives) == (2, 1, [], [cases[2]])
