"""The likeliest option: likelihoods against the policy, token by token; the program; what a choice is compared with."""

import json

import numpy as np
import pytest

from minirl import GPT, GPTConfig, tasks
from minirl.evaluate import main
from minirl.evaluation import likelihood
from minirl.evaluation.likelihood import log_likelihoods
from minirl.evaluation.multiple_choice import Chosen, Result, asked, choose
from minirl.runs import Run
from minirl.tasks import Problem
from minirl.tasks.choice import Choice, with_options

MODEL = GPT(GPTConfig(vocab_size=50, context_length=24, n_layer=2, n_head=2, d_model=16), seed=0, std=0.4)


def one_by_one(question: list[int], answer: list[int]) -> float:
    """The sum over the answer's tokens of the log of their softmax, each after a pass of its own."""
    total = 0.0
    for place, token in enumerate(answer):
        logits = MODEL(np.array([*question, *answer[:place]], np.int32)).data[0, -1].astype(np.float64)
        total += logits[token] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
    return total


@pytest.mark.parametrize("at_once", [1, 40, 4096])
def test_likelihoods_are_those_of_the_policy(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    questions = [rng.integers(0, 50, n).astype(np.int32) for n in (5, 1, 12, 30)]
    answers = [
        [rng.integers(0, 50, n).astype(np.int32) for n in sizes] for sizes in ((1, 3), (2, 2, 5), (4, 1), (2, 6))
    ]
    found = log_likelihoods(MODEL, questions, answers)
    for question, listed, values in zip(questions, answers, found, strict=True):
        kept = question[-(24 - max(map(len, listed)) + 1) :]  # the last question is longer than the context
        expected = [one_by_one(kept.tolist(), answer.tolist()) for answer in listed]
        np.testing.assert_allclose(values, expected, rtol=1e-4)


def problem(stem: str, options: tuple[str, ...], answer: str) -> Choice:
    return Choice(with_options(stem, options), "", answer, stem, options, stem)


def test_length_counts_in_bytes() -> None:
    one = Chosen(problem("Why?", ("so", "because it is é"), "B"), np.array([-4.0, -9.0]))
    assert one.as_it_is == 0
    assert one.by_bytes == 1, "-4 / 2 bytes is less than -9 / 16"


def test_yardsticks_and_intervals() -> None:
    options = [("a", "b", "c", "d")[: 2 + 2 * (n % 2)] for n in range(6)]
    likely = [np.array([-1.0, -2.0, -3.0, -4.0][: len(listed)]) for listed in options]  # the first
    chosen = [
        Chosen(problem(f"{n}?", listed, "AAB"[n % 3]), values)
        for n, (listed, values) in enumerate(zip(options, likely, strict=True))
    ]
    result = Result("sft", "made up", chosen)
    assert result.chance == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert result.commonest == ("A", pytest.approx(4 / 6))
    assert result.scores["by bytes"].value == pytest.approx(4 / 6)
    assert result.scores["by bytes"].low < 4 / 6 < result.scores["by bytes"].high


def test_a_beginning_is_continued_and_a_question_asked() -> None:
    assert asked("Iron sticks to") == "Iron sticks to"
    assert asked("Why?") == "Question: Why?\nAnswer:"


def test_problems_without_options_are_refused(run: Run) -> None:
    with pytest.raises(TypeError, match="no options"):
        choose(run.model("sft"), run.tokenizer(), [Problem("Why?", "", "so", "why")])


@pytest.mark.usefixtures("made_up_datasets")
def test_the_program(run: Run, capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    report = tmp_path / "report.json"
    arguments = [str(run.folder), "--task", "arc-easy", "--limit", "12", "--stages", "pretrain", "sft"]
    assert main([*arguments, "--json", str(report)]) == 0
    printed = capsys.readouterr().out
    for part in ("arc-easy test (n=12)", "pretraining", "SFT", "by bytes", "as it is", "chance", "commonest", "25.0"):
        assert part in printed, printed
    first, second = json.loads(report.read_text())["choices"]
    assert (first["stage"], second["stage"]) == ("pretrain", "sft")
    assert len(first["outcomes"]) == 12
    model, tokenizer = run.model("sft"), run.tokenizer()
    drawn = {one["question"]: one for one in second["outcomes"]}
    of_test = [p for p in tasks.get("arc-easy").listed("test") if p.stem in drawn]  # type: ignore[attr-defined]
    for one in choose(model, tokenizer, of_test):  # drawn again in another order, so in other batches
        kept = drawn[one.problem.stem]["log_likelihoods"]
        np.testing.assert_allclose(one.log_likelihoods, kept, atol=2e-3)


@pytest.mark.usefixtures("made_up_datasets")
def test_answers_may_be_written_instead(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(run.folder), "--task", "aqua", "--limit", "2", "--samples", "1", "--stages", "sft"]
    assert main([*arguments, "--written", "--max-new-tokens", "4"]) == 0
    assert "Problems solved" in capsys.readouterr().out
