"""What is tried with the exercises of lesson 5, and what must come out."""

import itertools
import platform

import numpy as np

from minirl import kernels
from minirl.lessons.c import Face, empty
from minirl.lessons.check import Check
from minirl.lessons.compare import Bound, Verdict
from minirl.lessons.gate import Memory, Speed

ARM = platform.machine().lower() in ("arm64", "aarch64")
TILES = {"avx2": (8, 6, 2), "portable": (4, 8, 3) if ARM else (4, 4, 2)}  # LANES, ROWS, VECTORS, as in exercises.c
LANES, ROWS, VECTORS = TILES.get(kernels.isa() or "portable", (16, 14, 2))
COLUMNS, STEPS = LANES * VECTORS, 256
SINGLE = float(np.finfo(np.float32).eps)
ROUNDS = 5  # calls with the same threads: a race does not show in each
RACES = itertools.count()
RACE = (
    "Two threads write to the same memory at the same time. A `static` or global array is there once for all threads; "
    "rows that two pieces share are written by both. Give each thread memory of its own. (`check 5.5` calls `matmul` "
    "from one thread, and cannot see this.)"
)


# ---- 5.1 dot ----


def dot_face(f, x, y):
    return f(x, y, len(x))


def repeating(n):
    """Small whole numbers, whose sums are exact in any order: x is 1 2 3 1 2 3 ..., y is 1 2 3 4 5 1 2 ..."""
    at = np.arange(n)
    return (at % 3 + 1).astype(np.float32), (at % 5 + 1).astype(np.float32)


def lengths(rng):
    """(n,)"""
    groups = [0, 1, 2, LANES - 1, LANES, LANES + 1, 3 * LANES + 2, 8 * LANES, 9 * LANES, 10 * LANES + 3, 16 * LANES + 1]
    return [(n,) for n in [*groups, *rng.integers(1, 40 * LANES, 6).tolist()]]


def few_sums(dot):
    """Which mistake it is if fewer than 8 vectors of sums are used; empty for 8 and more. A large number is added to
    the first sum, and every 1 that comes to it later is lost in the rounding. The others lose none."""
    each, large = 1024, 2.0**26
    x, y = np.ones((2, 8 * LANES * each), np.float32)
    x[0] = large
    lost = large + len(x) - 1 - dot(x, y)
    if lost > 0.9 * len(x):
        return "dot__plain_loop"
    return "dot__few_sums" if lost > 1.05 * each else ""


def typed_dot(n):
    return f"at = np.arange({n})\n    dot((at % 3 + 1).astype(np.float32), (at % 5 + 1).astype(np.float32))"


# ---- 5.2 best_tile ----


def numbers_of_registers(rng):
    """(registers,)"""
    return [(registers,) for registers in [3, 4, 5, 7, 8, 9, 10, 12, 16, 24, 32, *rng.integers(3, 65, 4).tolist()]]


def fewest_loads(registers):
    best = (1, 1)
    for rows in range(1, registers):
        for vectors in range(1, registers):
            if rows * vectors + vectors + 1 > registers:
                continue
            # compared as whole numbers: (r + v) / (r v) of this tile against the best so far
            here, there = (rows + vectors) * best[0] * best[1], sum(best) * rows * vectors
            if here < there or (here == there and rows > best[0]):
                best = (rows, vectors)
    return best


# ---- 5.3 tile ----


def tile_face(f, a, b, c):
    c = c.copy()
    f(len(a), a, b, c, c.shape[1])
    return c


KINDS = {
    "ones": "a and b are all 1, and C is all 0",
    "rows": "b is all 1, C is all 0, and a[k * ROWS + i] is i + 1",
    "columns": "a is all 1, C is all 0, and b[k * COLUMNS + j] is j + 1",
    "steps": "b is all 1, C is all 0, and a[k * ROWS + i] is k + 1",
    "c": "a and b are all 1, and C is all 5",
    "drawn": "a, b and C are whole numbers from -3 to 3",
}


def pieces(steps, wide, kind):
    """The arguments: a (steps, ROWS), b (steps, COLUMNS), C (ROWS, COLUMNS + wide)."""
    a, b = np.ones((steps, ROWS), np.float32), np.ones((steps, COLUMNS), np.float32)
    c = np.full((ROWS, COLUMNS + wide), 5 if kind == "c" else 0, np.float32)
    if kind == "rows":
        a[:] = np.arange(1, ROWS + 1)
    elif kind == "columns":
        b[:] = np.arange(1, COLUMNS + 1)
    elif kind == "steps":
        a[:] = np.arange(1, steps + 1)[:, None]
    elif kind == "drawn":
        rng = np.random.default_rng(steps + 1000 * wide)
        a, b, c = (rng.integers(-3, 4, x.shape).astype(np.float32) for x in (a, b, c))
    return a, b, c


def tiles(rng):
    """(steps, wide, kind)"""
    yield from [(1, 0, "ones"), (1, 0, "rows"), (1, 0, "columns"), (2, 0, "steps"), (1, 0, "c"), (1, 3, "ones")]
    yield from [(0, 0, "c"), (3, 0, "rows"), (1, 1, "drawn"), (5, 2, "drawn"), (STEPS, 0, "drawn")]
    for _ in range(6):
        yield int(rng.integers(1, 20)), int(rng.integers(0, 20)), "drawn"


def added(steps, wide, kind):
    a, b, c = pieces(steps, wide, kind)
    c[:, :COLUMNS] += a.T @ b
    return c


def typed_tile(steps, wide, kind):
    return f"tile({steps}, a, b, c, {COLUMNS + wide})    # {KINDS[kind]}; ROWS is {ROWS}, COLUMNS is {COLUMNS}"


# ---- 5.4 pack ----


def pack_face(f, matrix, width, of):
    """A whole matrix, packed as a panel of B (its rows are steps) or as a tile of A (its columns are)."""
    steps, present = matrix.shape if of == "B" else matrix.shape[::-1]
    packed = empty(steps, width)
    across, along = (1, matrix.shape[1]) if of == "B" else (matrix.shape[1], 1)
    f(width, steps, present, matrix, across, along, packed)
    return packed


def matrices(rng):
    """(matrix, width, of)"""
    small = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    yield from [(small, 3, "B"), (small, 2, "A"), (small, 4, "B"), (small, 3, "A"), (small[:1], 5, "B")]
    for _ in range(8):
        rows, columns = (int(n) for n in rng.integers(1, 7, 2))
        matrix, of = rng.integers(1, 10, (rows, columns)).astype(np.float32), str(rng.choice(["A", "B"]))
        yield matrix, (columns if of == "B" else rows) + int(rng.integers(0, 4)), of


def in_order(matrix, width, of):
    steps = matrix if of == "B" else matrix.T
    packed = np.zeros((len(steps), width), np.float32)
    packed[:, : steps.shape[1]] = steps
    return packed


def typed_pack(matrix, width, of):
    rows, columns = matrix.shape
    steps, present, strides = (rows, columns, f"1, {columns}") if of == "B" else (columns, rows, f"{columns}, 1")
    numbers = ", ".join(f"{number:g}" for number in matrix.ravel().tolist())
    call = f"pack({width}, {steps}, {present}, m, {strides}, packed)"
    return f"float m[] = {{{numbers}}};\n    {call};    // a piece of {of}"


# ---- 5.5 matmul ----


def matmul_face(f, a, b):
    c = empty(len(a), b.shape[1])
    f(a, b, c, *a.shape, b.shape[1])
    return c


def factors(M, K, N, kind):
    """(a, b): of ones, or of small whole numbers, or of numbers whose sums are rounded."""
    rng = np.random.default_rng(M + 100 * K + 10_000 * N)
    if kind == "ones":
        return np.ones((M, K), np.float32), np.ones((K, N), np.float32)
    if kind == "whole":
        return rng.integers(-3, 4, (M, K)).astype(np.float32), rng.integers(-3, 4, (K, N)).astype(np.float32)
    return rng.standard_normal((M, K), np.float32), rng.standard_normal((K, N), np.float32)


def shapes(rng):
    """(M, K, N, kind)"""
    yield from [(1, 1, 1, "ones"), (2, 3, 4, "ones"), (2, 3, 4, "whole"), (3, 0, 2, "ones")]
    yield from [(ROWS, 2, COLUMNS, "whole"), (ROWS + 1, 1, COLUMNS, "ones"), (ROWS, 1, COLUMNS + 1, "ones")]
    yield from [(1, STEPS, 1, "ones"), (1, STEPS + 1, 1, "ones"), (ROWS, STEPS + 3, COLUMNS, "ones")]
    yield 2 * ROWS + 3, 2 * STEPS + 5, 3 * COLUMNS + 1, "whole"
    yield 3 * ROWS, STEPS + 40, 2 * COLUMNS + 5, "rounded"
    for _ in range(6):
        M, K, N = (int(n) for n in rng.integers(1, [3 * ROWS, 2 * STEPS, 3 * COLUMNS]))
        yield M, K, N, str(rng.choice(["whole", "rounded"]))


def product(M, K, N, kind):
    a, b = factors(M, K, N, kind)
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.float32)


def rounding(M, K, N, kind, *threads):
    a, b = factors(M, K, N, kind)
    largest = float((np.abs(a) @ np.abs(b)).max(initial=0))
    return Bound(K if kind == "rounded" else 0, largest, epsilon=SINGLE, reason=f"a sum of {K} products")


def typed_matmul(M, K, N, kind):
    if kind == "ones":
        return f"matmul(np.ones(({M}, {K}), np.float32), np.ones(({K}, {N}), np.float32))"
    drawn = "integers(-3, 4, {}).astype(np.float32)" if kind == "whole" else "standard_normal({}, np.float32)"
    return (
        f"rng = np.random.default_rng({M + 100 * K + 10_000 * N})\n"
        f"    matmul(rng.{drawn.format((M, K))}, rng.{drawn.format((K, N))})"
    )


# ---- 5.6 matmul_threads ----


def threads_face(f, a, b, threads=None):
    c = empty(len(a), b.shape[1])
    f(a, b, c, *a.shape, b.shape[1], threads or kernels.get_threads())
    return c


def shared(rng):
    """(M, K, N, kind, threads). With several threads the matrices are tiny or large: in between a race shows now and
    then, and what shows now and then cannot be traced back."""
    yield from [(1, 1, 1, "ones", 1), (2, 3, 4, "whole", 1), (2 * ROWS + 3, STEPS + 5, COLUMNS + 1, "whole", 1)]
    yield from [(1, 2, 3, "whole", 2), (2 * ROWS + 1, 5, 3, "whole", 2)]
    yield from [(5 * ROWS + 2, 400, 7 * COLUMNS + 2, "rounded", threads) for threads in (2, 3, 5)]
    for _ in range(2):
        M, K, N = (int(rng.integers(low, high)) for low, high in ((60, 90), (300, 500), (150, 250)))
        yield M, K, N, "rounded", int(rng.integers(2, 6))


def with_threads(names, M, K, N, kind, threads):
    """With one thread, the result. With more, what is wrong with it in comparison."""
    call, (a, b) = names["matmul_threads"], factors(M, K, N, kind)
    alone = call(a, b, 1)
    if threads == 1:
        return alone
    results = [call(a, b, threads) for _ in range(ROUNDS)]
    missing = np.isnan(results[0]).any(axis=1)
    if missing.any():
        row = int(missing.argmax())
        return Verdict("missing", f"with {threads} threads, nothing is written to row {row} of C, of {M} rows")
    if different := sum(other.tobytes() != results[0].tobytes() for other in results[1:]):
        said = f"{different} of {ROUNDS - 1} calls differ from the first one"
        return Verdict(
            f"race {next(RACES)}",  # no two are alike, so no known mistake is compared with it: chance would decide
            f"with {threads} threads, the same call gives different results: {said}. {RACE}",
        )
    if results[0].tobytes() != alone.tobytes():
        far = float(np.abs(results[0] - alone).max())
        return Verdict(
            "bits",
            f"with {threads} threads the result is not the same as with one; the largest difference is {far:.2g}",
        )
    return Verdict()


def shared_product(M, K, N, kind, threads):
    return product(M, K, N, kind) if threads == 1 else Verdict()


def typed_threads(M, K, N, kind, threads):
    return typed_matmul(M, K, N, kind).replace("matmul(", "matmul_threads(")[:-1] + f", {threads})"


def long_arrays(rng):
    x, y = rng.random((2, 65_536), np.float32)
    return x, y


def deep_tile(rng):
    return pieces(8192, 0, "drawn")


def square(rng):
    return factors(384, 384, 384, "rounded")


FACES = {
    "dot": Face(dot_face, reference=lambda x, y: float(x @ y)),
    "tile": Face(tile_face, reference=lambda a, b, c: np.concatenate(
        [c[:, : b.shape[1]] + a.T @ b, c[:, b.shape[1] :]], axis=1
    )),
    "pack": Face(pack_face, reference=in_order),
    "matmul": Face(matmul_face, reference=lambda a, b: a @ b),
    "matmul_threads": Face(threads_face, reference=lambda a, b, threads=None: a @ b),
}  # fmt: skip

CHECKS = {
    "dot": Check(
        cases=lengths, given=repeating, show=typed_dot, shrink=False, bound=Bound(factor=0, reason="the sum is exact"),
        expected=lambda n: float(np.dot(*(x.astype(np.float64) for x in repeating(n)))),
        order=few_sums, speed=Speed(case=long_arrays, slow=("dot__plain_loop",), apart=2.0),
    ),
    "best_tile": Check(
        cases=numbers_of_registers, expected=fewest_loads, parts=("the number of rows", "the number of vectors"),
        shrink=False,
    ),
    "tile": Check(
        cases=tiles, given=pieces, expected=added, show=typed_tile, shrink=False,
        speed=Speed(case=deep_tile, slow=("tile__sums_travel", "tile__one_sum_at_a_time")),
    ),
    "pack": Check(cases=matrices, expected=in_order, show=typed_pack, shrink=False),
    "matmul": Check(
        cases=shapes, given=factors, expected=product, bound=rounding, show=typed_matmul, shrink=False,
        memory=Memory(case=lambda steps, rng: factors(2 * ROWS, steps, 2 * COLUMNS, "rounded"), exponent=0.5,
                      sizes=(2 * STEPS, 4 * STEPS, 8 * STEPS), wasteful=["matmul__all_steps"]),
        speed=Speed(case=square, slow=("matmul__packs_b_again", "matmul__packs_a_again"), apart=1.3),
    ),
    "matmul_threads": Check(
        cases=shared, observe=with_threads, expected=shared_product, bound=rounding, show=typed_threads, shrink=False,
        speed=Speed(case=lambda rng: (*square(rng), 2), slow=("matmul_threads__one_thread",
                    "matmul_threads__in_turns"), threads=2, apart=1.3),
    ),
}  # fmt: skip
