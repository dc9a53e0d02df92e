"""Which documents pretraining reads when, and what fine-tuning shows."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.evaluation.problem_sets import own_sets
from minirl.model import GPT, GPTConfig
from minirl.runs import PRESETS, Run, Screen, TrainConfig, shown
from minirl.tasks import get
from minirl.tasks.corpus import KINDS, KINDS_FIRST
from minirl.tasks.science import Science
from minirl.tokenizer import Tokenizer
from minirl.train.chain import EXAMPLES, say
from minirl.train.pretrain import FIRST_CHUNKS, chunk_texts

ROGER = PRESETS["roger"]


@pytest.mark.parametrize(
    ("chunk", "shares"), [(0, KINDS_FIRST), (FIRST_CHUNKS - 1, KINDS_FIRST), (FIRST_CHUNKS, KINDS)]
)
def test_the_first_chunks_hold_more_copies(chunk: int, shares: dict[str, float]) -> None:
    documents = list(chunk_texts(ROGER, get("word_problems"), chunk))
    copies = sum(any(text.startswith("Copy: ") for text, _ in pieces) for pieces in documents)
    assert copies / len(documents) == pytest.approx(shares["repeat"], abs=0.02)


def test_a_task_with_documents_of_its_own_reads_them_from_the_beginning() -> None:
    class Own(type(get("word_problems"))):  # type: ignore[misc]
        documents = {"sums": 1.0}  # noqa: RUF012

    texts = ["".join(text for text, _ in pieces) for pieces in chunk_texts(ROGER, Own(), 0)]
    assert all(" = " in text and "Q: " not in text for text in texts)


def test_fine_tuning_shows_each_science_question_whole_and_with_words_missing() -> None:
    science = Science().problems("train", Science().size("train") or 0)
    seen = Counter(problem.completion for problem in shown(ROGER, get("word_problems")))
    asked = {problem.question for problem in shown(ROGER, get("word_problems"))}
    assert {problem.question for problem in science} <= asked
    expected = Counter(problem.completion for problem in [*science, *science])
    assert {completion: seen[completion] for completion in expected} == dict(expected)
    shorter = [question for question in asked if question not in {problem.question for problem in science}]
    assert len(shorter) > len(science) / 2


def test_which_words_are_missing_depends_on_the_seed_alone() -> None:
    def questions(config: TrainConfig) -> list[str]:
        return [problem.question for problem in shown(config, get("word_problems"))]

    assert questions(ROGER) == questions(replace(ROGER, name="other"))
    assert questions(ROGER) != questions(replace(ROGER, seed=1))


def test_a_task_may_do_without_science(tmp_path: Path) -> None:
    class Alone(type(get("word_problems"))):  # type: ignore[misc]
        science = False

    config = replace(ROGER, sft=replace(ROGER.sft, demonstrations=5), runs=str(tmp_path))
    assert len(shown(config, Alone())) == 5 < len(shown(config, get("word_problems")))


def test_without_science_it_is_not_asked_for_in_the_final_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(replace(ROGER, runs=str(tmp_path)))
    asked = [one.label for one in own_sets(run, problems=2, samples=1, seed=0)]
    monkeypatch.setattr(type(get("word_problems")), "science", False)
    assert [one.label for one in own_sets(run, problems=2, samples=1, seed=0)] == asked[:-2]
    assert asked[-2:] == ["science questions", "science paraphrases"]


@pytest.mark.parametrize(("context", "shown_"), [(16, 0), (400, 1)])
def test_an_example_that_the_model_cannot_read_is_left_out(context: int, shown_: int, tmp_path: Path) -> None:
    run = Run.create(replace(ROGER, runs=str(tmp_path)))
    tokenizer = Tokenizer.train(["a cat and a cat"], 262)
    config = GPTConfig.llama(vocab_size=tokenizer.vocab_size, context_length=context, n_layer=1, n_head=1, d_model=8)
    say(run, "sft", "word problem", EXAMPLES["word problem"], GPT(config), tokenizer, Screen(quiet=True))
    assert len(run.records("samples.jsonl")) == shown_
