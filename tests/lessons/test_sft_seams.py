"""The functions of lesson 11 inside minirl: fine-tuning gives the same with them, and they do all of its work."""

import numpy as np
import pytest

from minirl.bugs.experiment import gradient
from minirl.data import Document, make_batches, pack
from minirl.evaluation.estimate import share
from minirl.lessons import parts
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.roger import EVERY, config_for, roger_tokenizer
from minirl.model import GPT
from minirl.train.sft import mean_loss, solved

SEAMS = ("sft.document", "sft.pack", "sft.weights", "sft.loss", "evaluation.wilson")


@pytest.fixture(autouse=True)
def solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's functions stand at the seams; parts of other tests do not."""
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    namespace(find_lesson("11").folder / "solution.py")


def fine_tuning() -> tuple[float, np.ndarray, str]:
    """A loss, the gradient of a batch in parts, and an interval."""
    tokenizer = roger_tokenizer()
    model = GPT(config_for(tokenizer), std=0.05)
    documents = solved(tokenizer, EVERY[:5])
    (batch,) = make_batches(documents, np.random.default_rng(0), size=5)
    return mean_loss(model, documents), gradient(model, batch, 2), str(share([0.0, 0.0, 1.0]))


def test_fine_tuning_gives_the_same_and_all_its_work_is_done_by_them() -> None:
    loss, gradients, interval = fine_tuning()
    with parts.swapped(*SEAMS, force=True) as used:
        other_loss, other_gradients, other_interval = fine_tuning()
    assert other_loss == pytest.approx(loss, rel=1e-5) and other_interval == interval
    assert np.linalg.norm(other_gradients - gradients) < 1e-4 * np.linalg.norm(gradients)
    assert {name: use.share for name, use in used.by_id.items()} == dict.fromkeys(SEAMS, 1)


def test_documents_whose_tokens_count_in_part_stay_with_minirl() -> None:
    documents = [Document(np.array([1, 2, 3], np.int32), np.array([0.3, 0.3, 1], np.float32))]
    expected = pack(documents).normalised()
    with parts.swapped("sft.pack", "sft.weights", force=True) as used:
        found = pack(documents).normalised()
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    assert used["sft.pack"].calls == used["sft.weights"].calls == 0
