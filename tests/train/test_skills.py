"""The two skills that are measured while pretraining goes on."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from minirl import tasks
from minirl.model import GPT, GPTConfig
from minirl.tasks.corpus import KINDS, pretraining_documents
from minirl.tokenizer import Tokenizer
from minirl.train.skills import Skills, Watch

TASK = tasks.get("word_problems")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    documents = pretraining_documents(TASK, 400, 0, KINDS)
    texts = ["".join(text for text, _ in pieces) for pieces in documents]
    return Tokenizer.train(texts, 400, special_tokens=["<|end|>"])


class Measured(NamedTuple):
    log_prob: np.ndarray


class Knows(GPT):
    """Gives some tokens a probability of its own, and all others 0.125."""

    def __init__(self, tokenizer: Tokenizer, chance: dict[bool, float]) -> None:
        super().__init__(GPTConfig.llama(vocab_size=tokenizer.vocab_size, n_layer=1, n_head=1, d_model=8, d_ff=8))
        self.texts = [tokenizer.token_bytes(i).decode(errors="replace") for i in range(tokenizer.vocab_size)]
        self.chance = chance

    def cross_entropy(self, ids: Any, targets: Any, weights: Any = None, starts: Any = None) -> Any:
        is_number = np.array([self.texts[i].strip().isdigit() for i in targets])
        return Measured(np.log(np.where(is_number, self.chance[True], self.chance[False]))[None])


def test_only_the_numbers_count(tokenizer: Tokenizer) -> None:
    found = Skills(tokenizer, TASK, 0).measure(Knows(tokenizer, {True: 0.75, False: 0.01}))
    assert found == {"copying": pytest.approx(0.75), "calculating": pytest.approx(0.75)}


def test_what_nobody_could_predict_does_not_count(tokenizer: Tokenizer) -> None:
    """The numbers of a question, and the operands of a sum."""
    for batch, counted in Skills(tokenizer, TASK, 0).held_out.values():
        assert counted.any()
        assert (batch.weights[counted] == 1).all()
        texts = [tokenizer.decode([int(i)]) for i in batch.targets[counted]]
        assert all(text.strip().isdigit() for text in texts)


def test_a_model_that_learned_nothing_has_no_skill(tokenizer: Tokenizer) -> None:
    model = GPT(GPTConfig.llama(vocab_size=tokenizer.vocab_size, n_layer=1, n_head=1, d_model=8, d_ff=8))
    found = Skills(tokenizer, TASK, 0).measure(model)
    assert found["copying"] == pytest.approx(1 / tokenizer.vocab_size, rel=0.2)


def test_a_task_with_documents_of_its_own_has_none_of_them(tokenizer: Tokenizer) -> None:
    class Own(type(TASK)):  # type: ignore[misc]
        documents = {"solved": 1.0}  # noqa: RUF012

    assert Skills(tokenizer, Own(), 0).measure(Knows(tokenizer, {True: 1.0, False: 1.0})) == {}


def test_the_watch_says_once_that_copying_has_formed() -> None:
    watch = Watch(100)
    said = [watch.remark(step, copying) for step, copying in ((10, 0.1), (20, 0.95), (30, 0.85), (40, 0.99))]
    assert [bool(text) for text in said] == [False, True, False, False]
    assert said[1] == "copying has formed: after 20 of 100 updates the model copies 95% of a question's numbers"


def test_the_watch_warns_halfway_and_takes_note_later() -> None:
    watch = Watch(90)
    said = [watch.remark(step, copying) for step, copying in ((30, 0.1), (60, 0.2), (80, 0.3), (90, 0.91))]
    assert [bool(text) for text in said] == [False, True, False, True]
    assert said[1] and said[1].startswith("copying has not formed after 60 of 90 updates: the model copies 20%")
