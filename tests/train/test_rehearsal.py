"""What an update of reinforcement learning rehearses: demonstrations that come round again, and texts that do not."""

from dataclasses import replace

import numpy as np
import pytest

from minirl.data import Batch
from minirl.runs import Run, TrainConfig, demonstrations, shown
from minirl.tasks import get
from minirl.train.rehearsal import chunk_texts, known_problems, rehearsal, rehearses
from minirl.train.sft import solved


def batches(run: Run, n: int, **changes: object) -> list[Batch]:
    config: TrainConfig = replace(run.config, rl=replace(run.config.rl, **changes))  # type: ignore[arg-type]
    loader = rehearsal(config, get(config.task), run.tokenizer())
    return [loader.next_batch() for _ in range(n)]


def documents(batch: Batch) -> list[bytes]:
    return [part.tobytes() for part in np.split(batch.ids, batch.starts[1:-1])]


def test_a_batch_has_as_many_documents_of_each_kind_as_asked(run: Run) -> None:
    known = {
        bytes(one.ids[:-1].tobytes())
        for one in solved(run.tokenizer(), demonstrations(run.config, get(run.config.task)))
    }
    for batch in batches(run, 5, rehearsal=4, rehearsal_texts=12):
        found = documents(batch)
        assert len(found) == 16 and all(one in known for one in found[:4])
        assert not all(one in known for one in found[4:])  # only a question of science may be both


@pytest.mark.parametrize(("demonstrations", "texts"), [(4, 0), (0, 4), (4, 4)])
def test_the_loss_is_a_mean_times_the_weight(run: Run, demonstrations: int, texts: int) -> None:
    for weight in (0.25, 1.0):
        for batch in batches(run, 3, rehearsal=demonstrations, rehearsal_texts=texts, rehearsal_weight=weight):
            assert len(documents(batch)) == demonstrations + texts
            assert batch.weights.sum() == pytest.approx(weight, rel=1e-5)


def test_demonstrations_come_again_and_texts_do_not(run: Run) -> None:
    n = len(demonstrations(run.config, get(run.config.task)))
    rounds = -(-n // 64)
    drawn = [documents(batch) for batch in batches(run, 2 * rounds, rehearsal=64, rehearsal_texts=2)]
    first = [one for batch in drawn[:rounds] for one in batch[:-2]]
    second = [one for batch in drawn[rounds:] for one in batch[:-2]]
    assert len(first) == n and sorted(first) == sorted(second) and first != second
    texts = [one for batch in drawn for one in batch[-2:]]
    assert len(set(texts)) > 0.9 * len(texts)


def test_the_same_seed_rehearses_the_same(run: Run) -> None:
    first, again = (batches(run, 4, rehearsal=2, rehearsal_texts=2) for _ in range(2))
    assert [batch.ids.tobytes() for batch in first] == [batch.ids.tobytes() for batch in again]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, True), ({"rehearsal": 0}, True), ({"rehearsal_texts": 0}, True), ({"rehearsal_weight": 0.0}, False),
     ({"rehearsal": 0, "rehearsal_texts": 0}, False)],
)  # fmt: skip
def test_whether_anything_is_rehearsed(run: Run, changes: dict[str, float], expected: bool) -> None:
    assert rehearses(replace(run.config, rl=replace(run.config.rl, **changes)), get(run.config.task)) is expected  # type: ignore[arg-type]


def test_a_published_dataset_rehearses_no_solutions(run: Run) -> None:
    """What pretraining reads of it are its own problems, solved: they are for fine-tuning alone."""

    class Solved(type(get(run.config.task))):  # type: ignore[misc]
        documents = {"solved": 1.0}  # noqa: RUF012

    task, config = Solved(), replace(run.config, rl=replace(run.config.rl, rehearsal=0, rehearsal_texts=8))
    assert chunk_texts(config, task, 0) == [] and not rehearses(config, task)
    assert len(chunk_texts(config, get(config.task), 0)) == 64 * 8 and rehearses(config, get(config.task))
    loader = rehearsal(replace(config, rl=replace(config.rl, rehearsal=4)), task, run.tokenizer())
    assert len(documents(loader.next_batch())) == 4


def test_the_science_questions_are_rehearsed_once(run: Run) -> None:
    """Among the new texts, or else among the demonstrations."""
    config, task = run.config, get(run.config.task)
    assert known_problems(config, task) == demonstrations(config, task)
    alone = replace(config, rl=replace(config.rl, rehearsal_texts=0))
    assert known_problems(alone, task) == shown(config, task)

    class Recaps(type(task)):  # type: ignore[misc]
        documents = {"recap": 1.0}  # noqa: RUF012

    assert known_problems(config, Recaps()) == shown(config, Recaps())
