"""How the next token is drawn, and which random numbers it uses."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.kernels.sampling.checks import check_sampling

Seed = int | Sequence[int]
MOST = 2**31 - 1  # more tokens than any context or vocabulary has


@dataclass(frozen=True)
class Sampling:
    """How logits become a token; kernels.sample has the equations.

    Raises ValueError for settings that do not define a distribution, TypeError for those that are no numbers.
    """

    temperature: float = 1.0
    """Logits are divided by the temperature: 1 samples the model's own distribution, 0 takes the most likely token."""
    top_k: int = 0
    """Draw only among this many of the most likely tokens; 0: all."""
    top_p: float = 1.0
    """Draw only among the smallest set of most likely tokens whose total probability reaches this; 1: all."""
    max_new_tokens: int = 256
    """A row that has not ended after this many tokens is cut off."""

    def __post_init__(self) -> None:
        for name in ("temperature", "top_p"):
            if not isinstance(getattr(self, name), Real):
                raise TypeError(f"Sampling: {name} is {getattr(self, name)!r}; expected a number")
        top_k = whole("top_k", self.top_k, 0)
        check_sampling(self.temperature, top_k, self.top_p)
        object.__setattr__(self, "top_k", min(top_k, MOST))
        object.__setattr__(self, "max_new_tokens", min(whole("max_new_tokens", self.max_new_tokens, 1), MOST))


def draw(logits: Array, uniform: Array, rule: Sampling, vocabulary: int) -> tuple[Array, Array]:
    """Draw each row's next token as kernels.sample does, among the ids below `vocabulary`: ids and log pi(id), (N,).

    logits: (N, V). A model's table often has more rows than the tokenizer has tokens, because a round number is faster.
    Nothing stands for the surplus ids, so they are left out of the draw. log pi stays the log-probability among all V
    ids, as in training.
    """
    options: dict[str, Any] = {"temperature": rule.temperature, "top_k": rule.top_k, "top_p": rule.top_p}
    if vocabulary >= logits.shape[1]:
        return kernels.sample(logits, uniform, **options)
    ids, log_probs = kernels.sample(np.ascontiguousarray(logits[:, :vocabulary]), uniform, **options)
    if rule.temperature == 0:
        return ids, log_probs
    scaled = (logits - logits.max(axis=1, keepdims=True)) / np.float64(rule.temperature)
    log_pi = kernels.log_softmax(np.maximum(scaled, np.finfo(np.float32).min).astype(np.float32))
    return ids, np.take_along_axis(log_pi, ids[:, None].astype(np.int64), axis=1)[:, 0]


def row_stream(seed: Seed, problem: int, sample: int) -> np.random.Generator:
    """The random numbers of one row: a stream of its own for each seed, problem number and sample number.

    A row takes one number per token from its own stream. So its tokens do not depend on the other rows of the batch.
    seed: a whole number >= 0, or several, such as (seed, step). Raises ValueError for a negative number, TypeError for
    what is no whole number.
    """
    return stream_of(seed_words(seed), problem, sample)


def stream_of(words: tuple[int, ...], problem: int, sample: int) -> np.random.Generator:
    """`row_stream` for the words of a seed, which have been checked."""
    named = np.random.SeedSequence((len(words), *words), spawn_key=(problem, sample))  # the length tells 1 from (1, 0)
    return np.random.default_rng(named)


def seed_words(seed: Seed) -> tuple[int, ...]:
    """A seed's numbers, one or several, as Python's own. Raises ValueError for a negative number, TypeError for what is
    no whole number."""
    several = not isinstance(seed, str | bytes) and (isinstance(seed, Sequence) or np.ndim(seed) == 1)
    return tuple(whole("seed", word, 0) for word in (seed if several else (seed,)))  # type: ignore[union-attr]


def whole(name: str, value: object, least: int) -> int:
    """The value as a Python int: it may be NumPy's too. Raises TypeError for another type, ValueError below `least`."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"generate: {name} is {value!r}; expected a whole number") from None
    if number < least:
        raise ValueError(f"generate: {name} is {number}; expected {least} or more")
    return number
