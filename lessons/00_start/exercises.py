"""Lesson 0: write two functions and fix a third. `python -m minirl.lessons
check 0.1` checks the first."""

import ctypes

import numpy as np

from minirl.lessons import implements

# ---- 0.1 ----


def square(x: float) -> float:
    """x times itself: square(3) is 9."""
    raise NotImplementedError("write square")


# ---- 0.2 ----


@implements("lessons.penalty")
def penalty(sure: int, right: bool) -> float:
    """What a guess costs. sure: how sure you said you were, in percent, 0 to
    100. right: whether you were right.

    It is the square of the distance from sure / 100 to 1 if you were right, and
    to 0 if you were wrong: penalty(80, True) is about 0.04, and
    penalty(80, False) is about 0.64.
    """
    raise NotImplementedError("write penalty")


# ---- 0.3 ----


def last(numbers: np.ndarray) -> float:
    """The last number of an array of float64, which has at least one:
    last(np.array([2.0, 5.0])) is 5.0.

    This function is written already, and it is wrong. Check it as it is, and
    then fix it.
    """
    # Each number takes 8 bytes of memory. This many bytes come before the last
    # one:
    before = 8 * (len(numbers) - 1)
    return ctypes.c_double.from_address(before).value  # reads what lies there in memory
