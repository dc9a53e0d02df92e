"""How the next token is drawn, and from which random numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minirl.kernels.sampling.checks import check_sampling

Seed = int | Sequence[int]


@dataclass(frozen=True)
class Sampling:
    """The rule by which logits become a token; kernels.sample has the equations.

    Raises ValueError for settings that make no distribution.
    """

    temperature: float = 1.0
    """Logits are divided by it: 0 takes the likeliest token, 1 samples the model's own distribution."""
    top_k: int = 0
    """Draw among this many likeliest tokens only; 0: all."""
    top_p: float = 1.0
    """Draw among the fewest likeliest tokens whose probability reaches this; 1: all."""
    max_new_tokens: int = 256
    """A row that has not ended after this many tokens is cut off."""

    def __post_init__(self) -> None:
        check_sampling(self.temperature, self.top_k, self.top_p)
        if self.max_new_tokens < 1:
            raise ValueError(f"Sampling: max_new_tokens {self.max_new_tokens}; expected 1 or more")


def row_stream(seed: Seed, problem: int, sample: int) -> np.random.Generator:
    """The random numbers of one row, named by the run's seed, the problem's number and the sample's.

    A row takes one number for each token it draws, from its own stream, so what it draws does not depend on which other
    rows are in the batch, nor on how many. seed: a whole number >= 0, or several, such as (seed, step).
    """
    words = (seed,) if isinstance(seed, int) else tuple(seed)
    named = np.random.SeedSequence((len(words), *words), spawn_key=(problem, sample))  # else 1 and (1, 0) were the same
    return np.random.default_rng(named)
