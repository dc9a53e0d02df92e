"""The temperature of each token: one number, or a schedule that changes it while a row is written.

A hot beginning tries different ways into a problem; a cool end finishes what was begun without a slip. With t the
number of tokens that the row has drawn so far, a schedule from T_0 to T_n over n tokens is

    linear         T_t = T_0 + (T_n - T_0) min(t / n, 1)
    exponential    T_t = T_0 (T_n / T_0)^min(t / n, 1)

so every row has its own clock, and after n tokens it stays at T_n. A schedule may rise too, which is a useful control:
the mean is the same, and only the order differs.

    >>> schedule = parse_temperature("1.5:0.3/4")
    >>> [float(x) for x in schedule.at([0, 1, 2, 4, 9])]
    [1.5, 1.2, 0.9, 0.3, 0.3]
    >>> str(parse_temperature("2:0.5/2/exp")), parse_temperature("2:0.5/2/exp").at([0, 1, 2]).tolist()
    ('2:0.5/2/exp', [2.0, 1.0, 0.5])
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minirl.autograd import Array
from minirl.kernels.sampling.checks import check_sampling

_SCHEDULE = re.compile(r"([^:/]+):([^:/]+)/([0-9]+)(/exp)?")


@dataclass(frozen=True)
class Schedule:
    """A temperature for each token of a row, from the first to the last; see the top of this file.

    Raises ValueError for temperatures that are negative or infinite, for an exponential schedule that touches 0, which
    it could never reach or leave, and for fewer than 1 token.
    """

    first: float
    """Temperature of the first token, T_0."""
    last: float
    """Temperature of token number `tokens` and of all after it, T_n."""
    tokens: int
    """How many tokens the change takes, n."""
    shape: Literal["linear", "exponential"] = "linear"

    def __post_init__(self) -> None:
        for temperature in (self.first, self.last):
            check_sampling(temperature, 0, 1)
        if not isinstance(self.tokens, int | np.integer) or self.tokens < 1:
            raise ValueError(f"Schedule: tokens is {self.tokens!r}; expected a whole number of tokens, 1 or more")
        if self.shape not in ("linear", "exponential"):
            raise ValueError(f"Schedule: shape is {self.shape!r}; expected linear or exponential")
        if self.shape == "exponential" and not (self.first > 0 and self.last > 0):
            raise ValueError(
                f"Schedule: from {self.first:g} to {self.last:g} exponentially; a factor per token needs both above 0, "
                "so give a small number, or take the linear schedule"
            )

    def at(self, steps: Array | Sequence[int]) -> Array:
        """T_t of each step t, float64. steps: whole numbers of any shape, counted from 0 within the row."""
        share = np.minimum(np.asarray(steps) / self.tokens, 1.0)
        if self.shape == "linear":
            return np.where(share < 1, self.first + (self.last - self.first) * share, self.last)
        return np.where(share < 1, self.first * (self.last / self.first) ** share, self.last)

    def __str__(self) -> str:
        """As `parse_temperature` reads it: 1.5:0.3/20."""
        ends = ":".join(show_temperature(float(temperature)) for temperature in (self.first, self.last))
        return f"{ends}/{self.tokens}{'/exp' if self.shape == 'exponential' else ''}"


Temperature = float | Schedule


def temperatures_at(temperature: Temperature, steps: Array) -> Array:
    """The temperature at each step of a row, float64, in the shape of `steps`."""
    if isinstance(temperature, Schedule):
        return temperature.at(steps)
    return np.full(np.shape(steps), temperature, np.float64)


def scoring_temperatures(temperature: Temperature, steps: Array) -> Array:
    """The temperatures at which log-probabilities are recorded, float64: those of the draw, and 1 where they are 0.

    At temperature 0 the draw is certain. Its log-probability would be 0 for every token, and say nothing; the model's
    own, at temperature 1, says how sure it was.
    """
    drawn_at = temperatures_at(temperature, steps)
    return np.where(drawn_at == 0, 1.0, drawn_at)


def always_zero(temperature: Temperature) -> bool:
    """Whether every token is simply the most likely: then all samples are the same."""
    return temperature == 0 if not isinstance(temperature, Schedule) else temperature.first == temperature.last == 0


def show_temperature(temperature: Temperature) -> str:
    """The shortest text that `parse_temperature` reads as the same: 1, 0.7, 1.5:0.3/20."""
    return str(temperature) if isinstance(temperature, Schedule) else repr(float(temperature)).removesuffix(".0")


def parse_temperature(text: str) -> Temperature:
    """A temperature as it is typed: 0.7, or a schedule: 1.5:0.3/20 falls in a line from 1.5 to 0.3 over 20 tokens,
    1.5:0.3/20/exp falls by a factor per token. Raises ValueError for anything else."""
    match = _SCHEDULE.fullmatch(text.strip())
    first, last, tokens, exponential = match.groups() if match else (text, text, "1", None)
    try:
        numbers = float(first), float(last)
    except ValueError:
        raise ValueError(
            f"temperature is {text!r}; give a number, or a schedule: 1.5:0.3/20 falls from 1.5 to 0.3 over 20 tokens, "
            "1.5:0.3/20/exp falls by a factor per token"
        ) from None
    if not all(0 <= number < float("inf") for number in numbers):
        raise ValueError(f"temperature is {text}; give 0 or more")
    return Schedule(*numbers, int(tokens), "exponential" if exponential else "linear") if match else numbers[0]
