"""What is tried with the exercises of lesson 22, and what must come out.

Each kernel runs with its threads and blocks in several orders, and its results in all of them are compared. The numbers
are whole where sums are compared exactly, as in lesson 4. Then its accesses to memory are counted.
"""

import numpy as np

from minirl.lessons.c import Face, empty, every_order, trace
from minirl.lessons.c.kernel import ORDERS
from minirl.lessons.check import Check
from minirl.lessons.compare import EXACT, Bound

# ---- 22.2 and 22.4, in Python ----


def pieces(rng):
    yield from [(1, 1), (2, 2), (1, 3), (4, 4), (32, 32), (128, 128), (128, 64)]
    for _ in range(4):
        yield tuple(int(size) for size in rng.integers(1, 257, 2))


def by_counting(rows, columns):
    """For 10 steps along k, one number of C after the other."""
    operations = sum(10 + 10 for _ in range(rows) for _ in range(columns))
    return operations / ((rows * 10 + columns * 10) * np.dtype(np.float32).itemsize)


def lanes(rng):
    """(addresses,)"""
    yield ([0],)
    yield ([0, 4, 8],)
    yield ([28, 32],)
    yield ([0, 32],)
    yield ([0, 64],)
    yield ([4, 4, 4],)
    yield ([64, 0],)
    yield ([4 * lane for lane in range(32)],)
    yield ([4 * lane + 16 for lane in range(32)],)
    yield ([128 * lane for lane in range(32)],)
    yield ([8 * lane for lane in range(32)],)
    for _ in range(5):
        yield (sorted(4 * int(place) for place in rng.integers(0, 200, 32)),)


def by_hand(addresses):
    """Which pieces hold a byte that some lane reads."""
    wanted = {byte for address in addresses for byte in range(address, address + 4)}
    return sum(any(byte in wanted for byte in range(start, start + 32)) for start in range(0, max(wanted) + 1, 32))


# ---- the kernels: how they are launched ----

SIDE, WARPS = 16, 8


def blocks(count, size):
    """How many blocks of this size it takes."""
    return -(-count // size)


def launch_silu(f, x):
    y = empty(*x.shape)
    f(3, 64, x.size, x, y)  # 3 blocks of 64 threads, however many numbers there are
    return y


def launch_rms_norm(f, x, gamma, eps):
    y, rstd = empty(*x.shape), empty(len(x))
    f(blocks(len(x), WARPS), 32 * WARPS, *x.shape, eps, x, gamma, y, rstd)
    return y, rstd


def launch_product(f, a, b):
    (M, K), N = a.shape, b.shape[1]
    c = empty(M, N)
    f((blocks(N, SIDE), blocks(M, SIDE)), (SIDE, SIDE), M, K, N, a, b, c)
    return c


def launch_embedding_gradient(f, ids, dout, dtable):
    table = dtable.copy()
    f(len(ids), 32, *dout.shape, ids, dout, table)
    return table


# ---- the kernels: what must come out, one number after the other ----


def true_silu(x):
    with np.errstate(over="ignore"):
        wide = x.astype(np.float64)
        return (wide / (1 + np.exp(-wide))).astype(np.float32)


def true_rms_norm(x, gamma, eps):
    wide = x.astype(np.float64)
    rstd = 1 / np.sqrt((wide**2).mean(axis=1) + eps) if x.size else np.zeros(len(x))
    return (wide * rstd[:, None] * gamma).astype(np.float32), rstd.astype(np.float32)


def true_product(a, b):
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.float32)


def true_embedding_gradient(ids, dout, dtable):
    table = dtable.copy()
    for token, row in zip(ids.tolist(), dout, strict=True):  # in float32, in this order
        table[token] += row
    return table


# ---- the kernels: cases ----


def whole(rng, *shape):
    """Whole numbers from 1 to 9 with random signs."""
    return (rng.integers(1, 10, shape) * rng.choice([-1, 1], shape)).astype(np.float32)


def rows_of_numbers(rng):
    for n in (1, 2, 5, 64, 65, 191, 192, 193, 200, 400, 0):
        yield (np.round(rng.normal(0, 3, n), 1).astype(np.float32),)


def norms(rng):
    """(x, gamma, eps)"""
    for rows, C in ((1, 1), (1, 2), (2, 3), (1, 32), (3, 33), (1, 31), (8, 5), (9, 4), (17, 40), (2, 100), (0, 4)):
        yield whole(rng, rows, C), whole(rng, C), 1e-6
    yield whole(rng, 3, 20), whole(rng, 20), 2.5


def matrices(rng):
    """(a, b)"""
    for M, K, N in ((1, 1, 1), (1, 2, 1), (2, 1, 3), (2, 3, 4), (1, 16, 1), (1, 17, 2), (3, 33, 2), (16, 16, 16),
                    (17, 5, 3), (4, 6, 18), (20, 40, 19), (2, 0, 3), (0, 2, 2)):  # fmt: skip
        yield whole(rng, M, K), whole(rng, K, N)


ROUNDS = np.float32(2**24)  # up to here float32 has every whole number: 2^24 + 1 + 1 depends on the order


def lookups(rng):
    """(ids, dout, dtable)"""
    for ids, C in (([0], 1), ([1], 2), ([0, 1], 1), ([0, 0], 1), ([1, 0, 1], 2), ([2, 2, 0, 2], 3), ([0, 2], 40)):
        yield np.array(ids, np.int32), whole(rng, len(ids), C), whole(rng, 3, C)
    yield np.array([0, 0, 0], np.int32), np.array([[1], [ROUNDS], [1]], np.float32), np.zeros((1, 1), np.float32)
    yield np.array([0, 0], np.int32), np.ones((2, 1), np.float32), np.full((1, 1), ROUNDS)
    for tokens, V, C in ((20, 4, 3), (40, 7, 33)):
        ids, dout = rng.integers(0, V, tokens), np.round(rng.normal(size=(tokens, C)), 1)
        yield ids.astype(np.int32), dout.astype(np.float32), whole(rng, V, C)


# ---- the kernels: what they fetch from memory, where the results are right ----


def scattered(seen, name):
    """Whether the lanes of a warp use less than half of what memory hands out to them."""
    accesses = seen.by_warp(name)
    return sum(map(by_hand, accesses)) * 32 > 2 * 4 * sum(map(len, accesses))


def silu_reads(silu):
    x = np.arange(768, dtype=np.float32)  # four numbers for each of the 192 threads
    seen = trace(silu, x)
    if seen.count("y", writes=True) > len(x):
        return "silu__repeated"
    return "silu__own_piece" if scattered(seen, "x") else ""


def rms_norm_reads(rms_norm):
    x = np.ones((8, 256), np.float32)
    return "rms_norm__own_piece" if scattered(trace(rms_norm, x, np.ones(256, np.float32), 1e-6), "x") else ""


def product_reads(product):
    a, b = np.ones((2, 32, 32), np.float32)
    seen = trace(product, a.copy(), b.copy())
    return "product__no_tiles" if seen.count("a") + seen.count("b") > 2 * (2 * 32**3 // SIDE) else ""


# ---- the checks ----


def checked(name, cases, expected, bound=EXACT, results=("the result",), **more):
    """A kernel's check: its results in every order, which all have to be the same."""

    def in_all_orders(*case):
        once = expected(*case)
        return (once if isinstance(once, tuple) else (once,)) * len(ORDERS)

    parts = [f"{order}{result}" for order in ORDERS.values() for result in results]
    return Check(
        cases=cases, expected=in_all_orders, observe=every_order(name), parts=parts, bound=bound, shrink=False, **more
    )


CHECKS = {
    "intensity": Check(cases=pieces, expected=by_counting, bound=Bound(4), only=lambda *sizes: min(sizes) > 0),
    "sectors": Check(cases=lanes, expected=by_hand, only=lambda addresses: len(addresses) > 0),
    "silu": checked(
        "silu",
        rows_of_numbers,
        true_silu,
        Bound(8, reason="an exponential, a sum and a quotient"),
        results=["y"],
        order=silu_reads,
    ),
    "rms_norm": checked(
        "rms_norm",
        norms,
        true_rms_norm,
        Bound(12, reason="a sum of squares, a root and two products"),
        results=["y", "rstd"],
        order=rms_norm_reads,
    ),
    "product": checked("product", matrices, true_product, results=["c"], order=product_reads),
    "embedding_gradient": checked("embedding_gradient", lookups, true_embedding_gradient, results=["dtable"]),
}

FACES = {
    "silu": Face(launch_silu, reference=true_silu),
    "rms_norm": Face(launch_rms_norm, reference=true_rms_norm),
    "product": Face(launch_product, reference=true_product),
    "embedding_gradient": Face(launch_embedding_gradient, reference=true_embedding_gradient),
}
