"""A whole run on the open book: what it read, and what its evaluation says."""

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from minirl import evaluate
from minirl.runs import PRESETS, Run, Screen, TrainConfig
from minirl.tasks.open_book import TEST_PEOPLE, OpenBook
from minirl.tasks.world import World
from minirl.train import chain
from minirl.train.check import check
from minirl.train.texts import training_texts


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Run:
    smoke = PRESETS["smoke"]
    config = replace(
        smoke, task="open_book", name="book", runs=str(tmp_path_factory.mktemp("runs")),
        model=replace(smoke.model, context_length=448, n_layer=1, d_model=16, n_head=2, d_ff=32),
        pretrain=replace(smoke.pretrain, steps=3, batch_tokens=512),
        rl=replace(smoke.rl, steps=2, prompts=2, samples=2, max_new_tokens=8),
        sft=replace(smoke.sft, demonstrations=16, epochs=1, batch_rows=64),
        evaluation=replace(smoke.evaluation, problems=4, samples=1, dev_problems=2, probes=1, max_new_tokens=8),
    )  # fmt: skip
    return chain.train(config, Screen(quiet=True))


def test_training_text_holds_no_fact_and_no_person_of_the_test(book: Run) -> None:
    texts = list(training_texts(book))
    assert {source for source, _ in texts} >= {"pretraining", "demonstrations", "rehearsal", "reinforcement learning"}
    words = set(re.findall(r"\w+", " ".join(text for _, text in texts)))
    people = World(random.Random(0), "test", TEST_PEOPLE).people
    people += [re.findall(r"[A-Z]\w+", one.question)[-1] for one in OpenBook().problems("gold", 100)]
    assert "Facts" in words and not words & set(people)


def test_the_table_has_all_arms_and_evaluate_counts_unknown(
    book: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = {entry["split"] for entry in book.results() or []}
    assert splits >= {"test", "closed", "gold", "missing", "changed", "science-found", "science-changed"}
    assert evaluate.main([str(book.folder), "--stages", "sft", "--json", str(tmp_path / "results.json")]) == 0
    assert "The answer `unknown`" in capsys.readouterr().out
    assert '"unknown": [' in (tmp_path / "results.json").read_text()


def test_the_preset_can_be_trained(tmp_path: Path) -> None:
    config: TrainConfig = replace(PRESETS["open-book"], runs=str(tmp_path))
    check(config)
    chain.train_tokenizer(config)  # raises where texts do not fit
