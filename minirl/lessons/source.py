"""Text whose entropy is known, for lesson 20: each token depends on the one before, by a table that is drawn at random.

    source = Source()
    source.text(rng, rows=32, length=32)        # (32, 33) tokens
    source.excess(model)                        # by how much its loss lies above the lowest that any model can have

The logarithms of the table have singular values that fall like a power, 1, 2^-0.75, 3^-0.75 and so on. A model whose
states have d numbers can hold about d of them. So its loss falls with its size like a power, too.
"""

from functools import cached_property

import numpy as np

from minirl.autograd import no_grad
from minirl.model import GPT

DECAY, SPREAD = 0.75, 2.0
ROWS, LENGTH, SEED = 64, 32, 9  # of the text on which a model is judged
STEPS = 500  # after which the shares of the tokens no longer change


class Source:
    """A table of chances, and the text that it makes."""

    def __init__(self, vocab_size: int = 256, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        left, right = (np.linalg.qr(rng.normal(size=(vocab_size, vocab_size)))[0] for _ in range(2))
        scores = (left * np.arange(1, vocab_size + 1) ** -DECAY) @ right.T
        self.vocab_size = vocab_size
        self.chances = np.exp(SPREAD * scores / scores.std())
        self.chances /= self.chances.sum(axis=1, keepdims=True)
        """(V, V): the chance of each next token, after each token."""
        self.shares = np.full(vocab_size, 1 / vocab_size)
        for _ in range(STEPS):
            self.shares = self.shares @ self.chances
        """(V,): how frequent each token is."""

    @cached_property
    def floor(self) -> float:
        """The entropy in nats per token: the lowest loss that any model can have."""
        return float(-(self.shares[:, None] * self.chances * np.log(self.chances)).sum())

    @cached_property
    def ends(self) -> np.ndarray:
        """(V V,): row a of the table goes from a to a + 1, and each token has a part as long as its chance."""
        return (self.chances.cumsum(axis=1) + np.arange(self.vocab_size)[:, None]).ravel()

    @cached_property
    def judged(self) -> np.ndarray:
        """The text on which models are judged."""
        return self.text(np.random.default_rng(SEED), ROWS, LENGTH)

    @cached_property
    def unigram(self) -> float:
        """The loss of a model that knows how frequent each token is, and nothing else."""
        return float(-(self.shares * np.log(self.shares)).sum())

    def text(self, rng: np.random.Generator, rows: int, length: int) -> np.ndarray:
        """(rows, length + 1) tokens, int32."""
        V = self.vocab_size
        text = np.empty((rows, length + 1), np.int32)
        text[:, 0] = rng.choice(V, size=rows, p=self.shares / self.shares.sum())
        for place in range(length):
            before = text[:, place]
            drawn = np.searchsorted(self.ends, before + rng.random(rows), side="right") - before * V
            text[:, place + 1] = drawn.clip(0, V - 1)  # where rounding led into another row
        return text

    def excess(self, model: GPT) -> float:
        """The model's loss above the entropy, in nats per token: the mean of sum p log(p / q) over the places of a
        text. All tokens count, with their true chances p, so it does not matter which ones came up."""
        text = self.judged[:, :-1]
        with no_grad():
            logits = model(text).data.astype(np.float64)
        log_q = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        p = self.chances[text]
        return float((p * (np.log(p) - log_q)).sum(axis=-1).mean())
