"""How the next token is drawn, and which random numbers it uses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minirl.kernels.sampling.checks import check_sampling

Seed = int | Sequence[int]


@dataclass(frozen=True)
class Sampling:
    """How logits become a token; kernels.sample has the equations.

    Raises ValueError for settings that do not define a distribution.
    """

    temperature: float = 1.0
    """Logits are divided by the temperature: 1 samples the model's own distribution, 0 takes the likeliest token."""
    top_k: int = 0
    """Draw only among this many likeliest tokens; 0: all."""
    top_p: float = 1.0
    """Draw only among the smallest set of likeliest tokens whose total probability reaches this; 1: all."""
    max_new_tokens: int = 256
    """A row that has not ended after this many tokens is cut off."""

    def __post_init__(self) -> None:
        check_sampling(self.temperature, self.top_k, self.top_p)
        if self.max_new_tokens < 1:
            raise ValueError(f"Sampling: max_new_tokens {self.max_new_tokens}; expected 1 or more")


def row_stream(seed: Seed, problem: int, sample: int) -> np.random.Generator:
    """The random numbers of one row: a stream of its own for each seed, problem number and sample number.

    A row takes one number per token from its own stream. So its tokens do not depend on the other rows of the batch.
    seed: a whole number >= 0, or several, such as (seed, step).
    """
    words = (seed,) if isinstance(seed, int) else tuple(seed)
    named = np.random.SeedSequence((len(words), *words), spawn_key=(problem, sample))  # the length tells 1 from (1, 0)
    return np.random.default_rng(named)
