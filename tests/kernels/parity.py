"""Hold native kernels against the reference, in tolerances scaled to rounding.

Each kernel has a `Case`: how to draw its inputs, how to call it, and for each output the magnitude of the numbers that
were added up to make it. float32 arithmetic may then differ from the reference, run in float64 on the same inputs, by a
few roundings of that magnitude and no more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minirl import kernels

EPS = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Case:
    """One kernel. rows x cols is the size a test asks for.

    draw(rng, rows, cols, outliers) -> arguments. call(arguments) -> tuple of outputs, through `kernels`.
    magnitude(arguments, outputs) -> for each output an array that broadcasts to it. terms(rows, cols): how many numbers
    a sum in this kernel has.
    """

    name: str
    draw: Callable[[np.random.Generator, int, int, bool], tuple[Any, ...]]
    call: Callable[..., tuple[Any, ...]]
    magnitude: Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]
    terms: Callable[[int, int], int] = lambda rows, cols: 1


def normal(rng: np.random.Generator, *shape: int, outliers: bool = False, scale: float = 1.0) -> np.ndarray:
    """Standard normal float32 times scale; with outliers, one value in 20 is 30 times larger."""
    x = rng.standard_normal(shape) * scale
    if outliers:
        x = np.where(rng.random(shape) < 0.05, 30 * x, x)
    return x.astype(np.float32)


def widen(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of the arguments, float32 arrays as float64."""
    return tuple(
        a.astype(np.float64 if a.dtype == np.float32 else a.dtype) if isinstance(a, np.ndarray) else a
        for a in arguments
    )


def copies(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)


def native(case: Case, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    with kernels.using("native"):
        return tuple(np.asarray(out) for out in case.call(*copies(arguments)))


def exact(case: Case, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    with kernels.using("reference"), np.errstate(all="ignore"):
        return tuple(np.asarray(out) for out in case.call(*widen(arguments)))


def assert_close(case: Case, arguments: tuple[Any, ...], got: tuple[Any, ...], rows: int, cols: int) -> None:
    """Raise AssertionError where an output is further from the float64 reference than rounding explains."""
    wide = widen(arguments)
    expected = exact(case, arguments)
    roundings = 8 + 2 * case.terms(rows, cols) ** 0.5
    assert len(got) == len(expected)
    for index, (g, e, size) in enumerate(zip(got, expected, case.magnitude(wide, expected), strict=True)):
        assert g.shape == e.shape, f"{case.name}: output {index} has shape {g.shape}, expected {e.shape}"
        tolerance = roundings * EPS * np.broadcast_to(np.abs(size), e.shape) + 1e-37
        wrong = ~(np.abs(g - e) <= tolerance)
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise AssertionError(
                f"{case.name}: output {index} at {at} of {e.shape} is {g[at]}, expected {e[at]} +- {tolerance[at]}; "
                f"{int(wrong.sum())} of {e.size} values are off"
            )
