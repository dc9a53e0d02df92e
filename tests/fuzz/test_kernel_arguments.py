"""Arguments that nobody would choose: both backends take them and agree, or both refuse them in the same way.

Every array of a call lies between guard bands, and no kernel may write there. The draws come from a fixed seed; the
message of a failure shows it.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from minirl import kernels

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
from calls import CALLS, FAMILY_OPERATIONS

OPERATIONS = [name for name in FAMILY_OPERATIONS if CALLS[name].arrays]
pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="needs both backends")

GUARD = 64  # elements before and after each array
SIZES = (0, 1, 2, 3, 5, 17)
DTYPES = (np.float16, np.int32, np.int64, np.uint8, ">f4")  # not float64, in which the reference alone computes
SIGN = 0xA5  # every byte of a guard band
REFUSED = (TypeError, ValueError, IndexError)


def banded(x: np.ndarray, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """A copy of x between guard bands, `offset` bytes from where it would be aligned, and all the memory."""
    memory = np.full(x.nbytes + 2 * GUARD * 8 + 16, SIGN, np.uint8)
    start = GUARD * 8 + offset
    inside = memory[start : start + x.nbytes].view(x.dtype).reshape(x.shape)
    inside[...] = x
    return inside, memory


def resized(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Every axis of one size gets another size, in all arrays, or in one alone."""
    size = rng.choice([n for x in arrays.values() for n in x.shape] or [1])
    new, chosen = int(rng.choice(SIZES)), rng.choice([*arrays, ""]) if rng.random() < 0.2 else ""
    return {
        name: np.resize(x, [new if n == size else n for n in x.shape]) if chosen in ("", name) else x
        for name, x in arrays.items()
    }


def spoiled(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> tuple[dict, list[tuple[np.ndarray, int, int]]]:
    """The arrays between guard bands, one of them perhaps of another kind; and the guarded memories."""
    odd = rng.choice([*arrays]) if rng.random() < 0.6 else ""
    made, memories = {}, []
    for name, x in arrays.items():
        how = rng.integers(0, 6) if name == odd else -1
        if how == 0:
            x = x.astype(DTYPES[rng.integers(len(DTYPES))])
        if how == 1 and x.size:
            x = x.copy()
            most = 2**31 - 1 if x.dtype.kind == "i" else 2 ** (8 * x.itemsize) - 1
            wild = {"f": (np.nan, np.inf, -np.inf, 3e38), "i": (-1, most, -most - 1, 99)}.get(
                x.dtype.kind, (0, most, 1, 99)
            )
            x.flat[rng.integers(x.size)] = wild[rng.integers(4)]
        inside, memory = banded(x, 1 if how == 2 else 0)
        start = GUARD * 8 + (1 if how == 2 else 0)
        memories.append((memory, start, start + x.nbytes))
        if how == 3:
            inside.flags.writeable = False
        if how == 4 and x.ndim:
            inside = inside[..., ::-1]
        if how == 5 and x.ndim > 1:
            inside = inside.swapaxes(0, -1)
        made[name] = inside
    return made, memories


def outcome(backend: str, operation: str, seed: int) -> tuple[str, list[np.ndarray]]:
    """The name of the exception, or "" and all results and written arrays."""
    rng = np.random.default_rng(seed)
    call = CALLS[operation]
    drawn = call.draw()
    for _ in range(rng.integers(0, 3)):
        drawn = resized(drawn, rng)
    arrays, memories = spoiled(drawn, rng)
    with kernels.using(backend), np.errstate(all="ignore"):
        try:
            result = call.run(operation, arrays)
        except REFUSED as error:
            told, result = type(error).__name__, ()
        else:
            told = ""
    for memory, start, end in memories:
        assert (memory[:start] == SIGN).all() and (memory[end:] == SIGN).all(), (operation, seed, backend)
    results = result if isinstance(result, tuple) else (result,)
    return told, [
        np.asarray(x, np.float64) for x in (*results, *(arrays[name] for name in call.writes)) if x is not None
    ]


def compare(operation: str, seed: int) -> bool:
    """Both backends on the same draw; whether they took it."""
    (refused, expected), (told, got) = (outcome(backend, operation, seed) for backend in ("reference", "native"))
    assert told == refused, f"{operation}, seed {seed}: native says {told or 'nothing'}, the reference {refused}"
    if not told and operation != "attention_backward":  # whose drawn lse is not that of q and k
        for one, other in zip(got, expected, strict=True):
            assert one.shape == other.shape, (operation, seed)
            finite = np.isfinite(one) & np.isfinite(other)
            size = 1 + np.abs(other[finite]).max(initial=0)
            np.testing.assert_allclose(
                one[finite] / size, other[finite] / size, atol=1e-4, err_msg=f"{operation} {seed}"
            )
    return not told


@pytest.mark.parametrize("operation", OPERATIONS)
def test_both_backends_take_or_refuse_the_same(operation: str) -> None:
    taken = [compare(operation, seed) for seed in range(40)]
    assert any(taken) and not all(taken)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_many_more_arguments(operation: str) -> None:
    for seed in range(1000, 5000):
        compare(operation, seed)
