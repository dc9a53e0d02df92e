"""The answer `unknown`: its precision, recall and F1; and questions that are asked with facts."""

import json
from pathlib import Path

import pytest

from minirl import chat, evaluate
from minirl.evaluation.answers import Answer, Attempt, Settings, asked
from minirl.evaluation.asking import asking
from minirl.evaluation.results import Result
from minirl.evaluation.score import Outcome, judge
from minirl.evaluation.unknown import unknown
from minirl.runs import Run
from minirl.tasks import Problem, get

TASK = get("science")


def outcomes(right: str, said: list[str]) -> list[Outcome]:
    texts = [Answer(f" x\nAnswer: {text}", 4, True) for text in said]
    return [judge(TASK, Problem("?", "r", right, "k"), Attempt(text, [], True)) for text in texts]


def results(gold: list[str], missing: list[str], name: str = "") -> list[Result]:
    return [
        Result("sft", f"{name}gold", outcomes("Mars", gold), {}),
        Result("sft", f"{name}missing", outcomes("unknown", missing), {}),
    ]


def test_precision_and_recall_of_unknown() -> None:
    found = results(["Mars", "unknown", "Unknown.", "Venus"], ["unknown"] * 6 + ["Mars"] * 2, "science-")
    (row,) = unknown(found)
    assert (row.precision, row.recall) == (6 / 8, 6 / 8) and row.f1 == 6 / 8
    assert row.splits == "science-gold and science-missing" and row.stage == "sft"


def test_who_never_says_unknown_has_nothing_and_pairs_stay_together() -> None:
    (never,) = unknown(results(["Mars"], ["Mars"]))
    assert (never.precision, never.recall, never.f1) == (0, 0, 0)
    assert [row.splits for row in unknown(results(["Mars"], ["unknown"])[:1])] == []
    both = results(["Mars"], ["unknown"]) + results(["unknown"], ["unknown"], "science-")
    assert [round(row.f1, 3) for row in unknown(both)] == [1, 0.667]


# ---- asking with facts ----


def test_facts_need_their_form() -> None:
    assert asking(None, 3, None, "reasoning") == ("reasoning", None) and asking(None, 3, "direct", "chat") == (
        "direct",
        None,
    )
    form, lookup = asking("science", 2, None, "chat")
    assert form == "facts" and lookup is not None and len(lookup("What is a star?")) == 2
    with pytest.raises(ValueError, match="--form facts needs facts"):
        asking(None, 3, "facts", "reasoning")
    with pytest.raises(ValueError, match="--form direct has no place"):
        asking("science", 3, "direct", "reasoning")
    for form, facts in (("facts", None), ("reasoning", lookup)):
        with pytest.raises(ValueError, match="the form facts, and no other"):
            Settings(0, 8, seed=0, form=form, lookup=facts)  # type: ignore[arg-type]


def test_evaluation_asks_with_the_facts_of_each_question() -> None:
    problems = TASK.problems("test", 3)
    settings = Settings(0, 8, seed=0, form="facts", lookup=lambda question: [f"I looked up {question}"])
    prompts = asked(TASK, problems, settings)
    assert prompts == [f"Facts: 1. I looked up {one.question}\n{one.prompt}" for one in problems]


def test_evaluate_with_facts(run: Run, tmp_path: Path) -> None:
    words = [
        str(run.folder),
        "--task",
        "science",
        "--split",
        "test",
        "--limit",
        "3",
        "--samples",
        "1",
        "--stages",
        "sft",
    ]
    kept = set((run.folder / "answers").glob("*"))
    assert evaluate.main([*words, "--facts", "science", "--top", "1", "--json", str(tmp_path / "a.json")]) == 0
    (new,) = set((run.folder / "answers").glob("*")) - kept
    assert json.loads(new.read_text())["depends_on"]["form"] == "facts"


@pytest.mark.parametrize("words", ["--facts nowhere", "--form facts", "--facts science --top 0"])
def test_flags_about_facts_that_do_not_work(words: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for main, question in ((chat.main, ["Why?"]), (evaluate.main, [])):
        assert main([str(run.folder), *question, *words.split()]) == 1
        assert "nowhere" in (said := capsys.readouterr().err) or "--facts" in said or "--top is 0" in said


def test_chat_shows_the_facts_and_answers_after_them(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--facts", "science", "--top", "1", "--stage", "sft"]
    assert chat.main([str(run.folder), "What is the Milky Way?", *flags]) == 0
    assert capsys.readouterr().out.startswith("Fact 1: What is the Milky Way? The Milky Way is the galaxy ")
    assert chat.main([str(run.folder), "xyzzy", *flags, "--samples", "2", "--temperature", "1"]) == 0
    assert capsys.readouterr().out.startswith("Fact 1: error: no passage has the word 'xyzzy'")
