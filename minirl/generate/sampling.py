"""How the next token is drawn, and which random numbers it uses."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.generate.cuts import cut, penalised
from minirl.generate.temperature import Schedule, Temperature, scoring_temperatures
from minirl.kernels.sampling.checks import check_sampling

Seed = int | Sequence[int]
MOST = 2**31 - 1  # more tokens than any context or vocabulary has


@dataclass(frozen=True)
class Sampling:
    """How logits become a token; kernels.sample has the equations, and cuts.py says in which order everything happens.

    Raises ValueError for settings that do not define a distribution, TypeError for those that are no numbers.
    """

    temperature: Temperature = 1.0
    """Logits are divided by the temperature: 1 samples the model's own distribution, 0 takes the most likely token. A
    Schedule gives each token of a row its own: Schedule(1.5, 0.3, 20) falls from 1.5 to 0.3 over 20 tokens."""
    top_k: int = 0
    """Draw only among this many of the most likely tokens; 0: all."""
    top_p: float = 1.0
    """Draw only among the smallest set of most likely tokens whose total probability reaches this; 1: all."""
    max_new_tokens: int = 256
    """A row that has not ended after this many tokens is cut off."""
    min_p: float = 0.0
    """Draw only among tokens with at least this share of the most likely token's probability; 0: all."""
    no_repeat_ngram: int = 0
    """Never write the same sequence of this many tokens twice in one row; 0: off."""
    frequency_penalty: float = 0.0
    """Subtracted from a token's logit for each time that the row has written it."""
    presence_penalty: float = 0.0
    """Subtracted once from the logit of every token that the row has written."""

    def __post_init__(self) -> None:
        names = ["temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty"]
        for name in names[isinstance(self.temperature, Schedule) :]:
            if not isinstance(getattr(self, name), Real):
                raise TypeError(f"Sampling: {name} is {getattr(self, name)!r}; expected a number")
        top_k = whole("top_k", self.top_k, 0)
        check_sampling(1.0 if isinstance(self.temperature, Schedule) else self.temperature, top_k, self.top_p)
        if not 0 <= self.min_p <= 1:
            raise ValueError(f"Sampling: min_p is {self.min_p}; expected 0 (all tokens) to 1 (the most likely ones)")
        for name in names[3:]:
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"Sampling: {name} is {getattr(self, name)}; expected a finite number, 0 for none")
        object.__setattr__(self, "top_k", min(top_k, MOST))
        object.__setattr__(self, "max_new_tokens", min(whole("max_new_tokens", self.max_new_tokens, 1), MOST))
        object.__setattr__(self, "no_repeat_ngram", min(whole("no_repeat_ngram", self.no_repeat_ngram, 0), MOST))

    @property
    def looks_back(self) -> bool:
        """Whether the draw depends on what the row has generated, beyond the logits."""
        return bool(self.no_repeat_ngram or self.frequency_penalty or self.presence_penalty)


def draw(
    logits: Array,
    uniform: Array,
    rule: Sampling,
    vocabulary: int,
    steps: Array | None = None,
    written: list[Array] | None = None,
) -> tuple[Array, Array]:
    """Draw each row's next token among the ids below `vocabulary`: ids and log pi(id), (N,).

    logits: (N, V). A model's table often has more rows than the tokenizer has tokens, because a round number is faster.
    Nothing stands for the surplus ids, so they are left out of the draw. steps: (N,), how many tokens each row has
    drawn before, by default none; a schedule needs them. written: each row's generated ids, which penalties need.

    log pi is the model's own log-probability among all V ids, before penalties and cuts, as in training: at the
    temperature of the step, and at temperature 1 where that is 0.
    """
    N, V = logits.shape
    z = logits if vocabulary >= V else kernels.copy(logits[:, :vocabulary])
    if rule.looks_back:
        empty = [np.zeros(0, np.int32)] * N
        z = penalised(
            kernels.fetch(z), empty if written is None else written, rule.frequency_penalty, rule.presence_penalty,
            rule.no_repeat_ngram,
        )  # fmt: skip
    own = z is logits and not rule.min_p  # then the kernel sees the model's own distribution
    if not isinstance(rule.temperature, Schedule):
        ids, log_probs = draw_at(rule.temperature, z, uniform, rule)
        if own and rule.temperature:
            return ids, log_probs
        return ids, log_pi(logits, ids, np.full(N, rule.temperature or 1.0))
    steps = np.zeros(N, np.int64) if steps is None else steps
    drawn_at = rule.temperature.at(steps)
    ids, log_probs = np.empty(N, np.int32), np.empty(N, np.float32)
    for temperature in np.unique(drawn_at).tolist():  # the kernel takes one temperature for all of its rows
        rows = np.flatnonzero(drawn_at == temperature)
        ids[rows], log_probs[rows] = draw_at(temperature, z[rows], uniform[rows], rule)
    if own and drawn_at.all():
        return ids, log_probs
    return ids, log_pi(logits, ids, scoring_temperatures(rule.temperature, steps))


def draw_at(temperature: float, z: Array, uniform: Array, rule: Sampling) -> tuple[Array, Array]:
    """Draw a token for each row, all at one temperature: ids and the kernel's log-probabilities of them, (N,)."""
    if rule.min_p and temperature:
        return kernels.sample(
            cut(kernels.fetch(z), temperature, rule.top_k, rule.top_p, rule.min_p), uniform, temperature=temperature
        )
    return kernels.sample(z, uniform, temperature=temperature, top_k=rule.top_k, top_p=rule.top_p)


def log_pi(logits: Array, ids: Array, temperatures: Array) -> Array:
    """log softmax(logits / temperature) of one id a row, (N,) float32. logits: (N, V); ids, temperatures: (N,)."""
    if (temperatures == 1).all():
        whole = logits if logits.flags.c_contiguous else kernels.copy(logits)
        return kernels.fetch(kernels.cross_entropy(whole, ids.astype(np.int32, copy=False))[0])
    logits = kernels.fetch(logits)
    scaled = (logits - logits.max(axis=1, keepdims=True)) / temperatures[:, None]  # float64
    log_probs = kernels.fetch(kernels.log_softmax(np.maximum(scaled, np.finfo(np.float32).min).astype(np.float32)))
    return np.take_along_axis(log_probs, ids[:, None].astype(np.int64), axis=1)[:, 0]


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


def most_likely(log_probs: Array, n: int) -> Array:
    """The ids of the n most likely tokens of each row (or of all), (rows, n): the likeliest first, of equal ones the
    lowest id."""
    if n == 0:
        return np.zeros((len(log_probs), 0), np.int64)
    if n < log_probs.shape[1]:
        largest = np.sort(np.argpartition(-log_probs, n - 1, axis=1)[:, :n], axis=1)
    else:
        largest = np.broadcast_to(np.arange(log_probs.shape[1]), log_probs.shape)
    order = np.argsort(-np.take_along_axis(log_probs, largest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(largest, order, axis=1)
