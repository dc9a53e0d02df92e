"""The functions of lesson 9 inside minirl's training: the same gradients and steps, and only where they belong."""

from collections.abc import Callable

import numpy as np
import pytest

from minirl.data import Batch, Document, make_batches, pack
from minirl.lessons import parts
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.parts import SwapError, swapped
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW
from minirl.train import stage

LESSON = find_lesson("9")
SEAMS = "data.inputs_and_targets", "train.combined", "optim.clip"
CONFIG = GPTConfig.llama(vocab_size=50, context_length=64, n_layer=1, n_head=2, d_model=16, d_ff=32)


@pytest.fixture(autouse=True)
def solved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's solution as the learner's functions."""
    monkeypatch.setattr(parts, "PARTS", {})
    namespace(LESSON.folder / "solution.py")


def documents(weights: tuple[float, ...] = (1.0,)) -> list[Document]:
    """Texts of very different lengths; their tokens have these weights in turn."""
    rng = np.random.default_rng(0)
    return [
        Document(rng.integers(0, 50, n).astype(np.int32), np.resize(weights, n).astype(np.float32))
        for n in (3, 40, 7, 25, 2)
    ]


def trained(make: Callable[[], Batch]) -> list[np.ndarray]:
    """The parameters after two steps with clipping, in parts of two texts."""
    model = GPT(CONFIG, seed=0)
    optimizer = AdamW(model.parameters(), lr=0.01)
    for _ in range(2):
        stage.accumulate_gradients(model, make(), 2)
        norm = optimizer.step(max_norm=0.5)
        assert norm and norm > 0.5  # it was clipped
        optimizer.zero_grad()
    return [p.data for p in model.parameters()]


@pytest.mark.parametrize("weights", [(1.0,), (0.0, 1.0, 1.0)])
def test_training_is_the_same(weights: tuple[float, ...]) -> None:
    def make() -> Batch:
        return make_batches(documents(weights), np.random.default_rng(1), size=5)[0]

    expected = trained(make)
    with swapped(*SEAMS, force=True) as used:
        found = trained(make)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)
    assert [used[seam].share for seam in SEAMS] == [1, 1, 1]
    assert used["data.inputs_and_targets"].total == 10 and used["optim.clip"].total == 2


def test_weights_between_0_and_1_are_left_to_minirl() -> None:
    model, batch = GPT(CONFIG, seed=0), pack(documents((0.5, 1.0)))
    loss = stage.accumulate_gradients(model, batch, 2)
    model.zero_grad()
    with swapped("train.combined", force=True) as used:
        assert stage.accumulate_gradients(model, batch, 2) == loss
    assert used["train.combined"].share == 0


def test_no_documents_are_no_problem() -> None:
    with swapped("data.inputs_and_targets", force=True):
        assert pack([]).tokens == 0


@pytest.mark.parametrize(
    "mistake, act",
    [
        ("combined__mean_of_means", lambda: trained(lambda: pack(documents()))),
        ("clip__each_array", lambda: trained(lambda: pack(documents()))),
        ("inputs_and_targets__same", lambda: pack(documents())),
    ],
)
def test_a_known_mistake_stops_the_run(
    mistake: str, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("replay"))
    function = namespace(LESSON.folder / "wrong" / f"{mistake}.py")[mistake.partition("__")[0]]
    seam = next(one.seam for one in LESSON.exercises if one.name == function.__name__)
    parts.implements(seam)(function)
    with pytest.raises(SwapError, match=r"differs from minirl's(.|\n)*`check 9"), swapped(seam, force=True):
        act()
