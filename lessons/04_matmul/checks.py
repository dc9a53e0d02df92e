"""What is tried with the exercises of lesson 4, and what must come out.

The numbers in the matrices are small and whole, so that messages are easy to follow. Their sums stay far below 2^24,
up to which float32 holds every whole number: so the products are exact, whatever the order of the additions, and no
allowance for rounding can hide a mistake. Quarters and tenths follow at the end.
"""

import numpy as np

from minirl.lessons.c import Face, empty
from minirl.lessons.check import Check
from minirl.lessons.compare import Bound
from minirl.lessons.gate import Speed

# ---- 4.1 ----

SIZES = [(1, 1, 1), (1, 2, 3), (2, 2, 2), (1, 64, 64), (64, 1, 64), (64, 64, 1), (100, 100, 100), (512, 64, 2048)]


def sizes(rng):
    yield from SIZES
    for _ in range(3):
        yield tuple(int(size) for size in rng.integers(1, 2000, 3))


def by_counting(M, K, N):
    """Each element of C takes K multiplications and K additions."""
    operations = sum(K + K for _ in range(M)) * N
    return operations / ((M * K + K * N + M * N) * np.dtype(np.float32).itemsize)


# ---- 4.2 to 4.5 ----


def product(f, a, b):
    """Call the function in C: it writes into c, which is full of NaN before."""
    c = empty(len(a), b.shape[1])
    f(a, b, c, len(a), a.shape[1], b.shape[1])
    return c


# One number, one row, one column, odd sizes, no steps at all, sizes around a block of 32 x 128, and around four.
SHAPES = [
    (1, 1, 1), (1, 2, 1), (1, 1, 2), (2, 1, 1), (2, 2, 2), (1, 2, 3), (2, 3, 1), (3, 2, 4), (2, 0, 3), (0, 2, 2),
    (2, 2, 0), (1, 5, 7), (3, 4, 2), (2, 6, 5), (5, 7, 3), (4, 9, 8), (2, 31, 2), (2, 32, 3), (2, 33, 2), (1, 3, 127),
    (1, 2, 128), (2, 3, 129), (3, 34, 130), (2, 65, 257), (7, 70, 5),
]  # fmt: skip


def matrices(rng):
    for M, K, N in SHAPES:
        yield whole(rng, M, K), whole(rng, K, N)
    for _ in range(4):
        M, K, N = (int(size) for size in rng.integers(1, 40, 3))
        yield whole(rng, M, K), whole(rng, K, N)
    a, b = rng.normal(size=(5, 40)), rng.normal(size=(40, 6))
    yield np.round(a, 1).astype(np.float32), np.round(b, 1).astype(np.float32)


def whole(rng, rows, columns):
    """Whole numbers from 1 to 9 with random signs, none of them 0: a 0 hides that a product is missing."""
    return (rng.integers(1, 10, (rows, columns)) * rng.choice([-1, 1], (rows, columns))).astype(np.float32)


def by_numpy(a, b):
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.float32)


def bound(a, b):
    """Sums of K products; each of the K - 1 additions may round by half a unit of the largest partial sum."""
    K = a.shape[1]
    largest = K * float(np.abs(a).max(initial=0.0)) * float(np.abs(b).max(initial=0.0))
    return Bound(max(K, 1), max(largest, 1.0), factor=0.5, reason=f"a sum of {K} products")


def square(n):
    def case(rng):
        return whole(rng, n, n), whole(rng, n, n)

    return case


# Blocks do not change a single result. But they change what a row of C sees of the row before it: with blocks, that row
# is not finished yet. In the next two tests C shares memory with A or with B, so that the second row shows it.
LONG = 4096  # more than the rows or the columns of any block


def rows_wait(multiply, first, last):
    """Whether row 1 of C reads A(1, first) before row 0 has added its product of step `last`. C has one column, and
    C(0, 0) is the same number in memory as A(1, first)."""
    memory, b = np.zeros(2 * LONG + 1, np.float32), np.zeros((LONG, 1), np.float32)
    a, c = memory[: 2 * LONG].reshape(2, LONG), memory[LONG + first :][:2].reshape(2, 1)
    a[0, last] = b[first] = b[last] = 1
    multiply(a, b, c, 2, LONG, 1)
    return float(c[1, 0]) == 0


def columns_wait(multiply):
    """Whether row 1 of C reads B(1, 0) before row 0 has reached its last column. C lies one number behind B, so row 0
    copies the 1 in B(0, 0) from each column to the next, and C(0, last) is the same number in memory as B(1, 0)."""
    memory = np.zeros(2 * LONG + 1, np.float32)
    b, c = memory[:-1].reshape(2, LONG), memory[1:].reshape(2, LONG)
    memory[0] = 1
    multiply(np.eye(2, dtype=np.float32), b, c, 2, 2, LONG)
    return float(c[1, 0]) == 0


def without_blocks(function):
    """Which blocks a right product lacks, as the name of the known mistake; empty where it lacks none. Blocks may be
    taken from the first to the last, or back."""
    if not rows_wait(function.raw, 0, LONG - 1) and not rows_wait(function.raw, LONG - 1, 0):
        return f"{function.__name__}__no_blocks"
    return "" if columns_wait(function.raw) else f"{function.__name__}__whole_rows"


FACES = {
    name: Face(product, reference=lambda a, b: a @ b) for name in ("naive", "row_wise", "blocked", "four_steps")
}  # fmt: skip


def checked(**more):
    return Check(cases=matrices, expected=by_numpy, bound=bound, shrink=False, **more)


CHECKS = {
    "intensity": Check(cases=sizes, expected=by_counting, bound=Bound(4), only=lambda *sizes: min(sizes) > 0),
    "naive": checked(),
    "row_wise": checked(speed=Speed(square(256), slow=["row_wise__k_inside", "row_wise__i_inside"], apart=2.0)),
    "blocked": checked(order=without_blocks, speed=Speed(square(256), slow=["blocked__k_inside"], apart=2.0)),
    "four_steps": checked(order=without_blocks, speed=Speed(square(256), slow=["four_steps__one_by_one"], apart=1.25)),
}
