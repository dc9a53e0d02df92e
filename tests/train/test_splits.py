"""Training never looks at a test split: neither stages nor probes, neither the tokenizer nor the corpus."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from minirl.runs import Screen, TrainConfig
from minirl.tasks import TASKS, Problem
from minirl.train import chain


class SpiedOn(AssertionError):
    """Somebody asked for a split that is for the final table alone."""


@pytest.fixture
def no_test_splits(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, str]]]:
    """Every task refuses splits other than train and dev, except to the final table; gives (task, split) asked for."""
    asked: set[tuple[str, str]] = set()
    final = False

    def spy_on(kind: type) -> None:
        original = kind.problems

        def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:  # type: ignore[no-untyped-def]
            asked.add((self.name, split))
            if split not in ("train", "dev") and not final:
                raise SpiedOn(f"{self.name}: {split}")
            return original(self, split, n, seed)

        monkeypatch.setattr(kind, "problems", problems)

    evaluate_run = chain.evaluate_run

    def final_table(*arguments, **settings):  # type: ignore[no-untyped-def]
        nonlocal final
        final = True
        try:
            return evaluate_run(*arguments, **settings)
        finally:
            final = False

    for kind in TASKS.values():
        spy_on(kind)
    monkeypatch.setattr(chain, "evaluate_run", final_table)
    yield asked


@pytest.mark.parametrize("task", ["word_problems", "arithmetic"])
def test_training_asks_for_no_test_split(
    task: str, tiny: TrainConfig, quiet: Screen, no_test_splits: set[tuple[str, str]]
) -> None:
    context = replace(tiny.model, context_length=256)
    run = chain.train(replace(tiny, task=task, model=context, seed=1), quiet)
    assert (run.folder / "report.md").is_file()
    assert {(task, "train"), (task, "dev"), ("science", "train"), (task, "test")} <= no_test_splits


def test_the_spy_sees(no_test_splits: set[tuple[str, str]]) -> None:
    with pytest.raises(SpiedOn):
        TASKS["word_problems"]().problems("test", 1)
