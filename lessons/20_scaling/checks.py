"""What is tried with the exercises of lesson 20, and what must come out."""

import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import EXACT, Bound, difference
from minirl.lessons.ring import ring, summing
from minirl.lessons.unusable import Unusable

COUNT = Bound(8, 1.0, reason="whole numbers and a half")
LINE = Bound(400, 1.0, reason="logarithms, sums over all points, and an exponential")
SUM = Bound(60, 8.0, reason="sums over ranks and numbers, a root and a division")
ROOT = Bound(1000, 0.0, reason="powers with exponents up to 1")
NAN = 0x7FC0
FEW = 8  # bit patterns that are shown as text


# ---- 20.1 ----


def shapes(rng):
    """(vocab_size, n_layer, d_model, d_ff, length)"""
    yield 1, 1, 1, 1, 1
    yield 10, 1, 4, 8, 1
    yield 10, 1, 4, 8, 2
    yield 10, 1, 4, 8, 3
    yield 10, 2, 4, 8, 3
    yield 100, 1, 4, 8, 3
    yield 10, 1, 4, 20, 3
    yield 512, 4, 128, 352, 64
    for _ in range(10):
        yield tuple(int(rng.integers(1, most)) for most in (300, 7, 65, 200, 130))


def added_up(vocab_size, n_layer, d_model, d_ff, length):
    """Token by token and matrix by matrix, over a whole text."""
    total = 0
    for place in range(length):
        for _ in range(n_layer):
            total += sum(2 * d_model * width for width in (d_model, d_model, d_model, d_model, d_ff, d_ff, d_ff))
            total += 2 * (place + 1) * d_model  # scores
            total += 2 * (place + 1) * d_model  # means of the values
        total += 2 * d_model * vocab_size
    return 3 * total / length


# ---- 20.2 ----


def steps(rng):
    """(parameters, n_layer, d_model, d_ff, tokens)"""
    yield 1, 1, 1, 1, 1
    yield 100, 1, 4, 8, 1
    yield 100, 1, 4, 8, 3
    yield 100, 2, 4, 8, 3
    yield 100, 2, 5, 8, 3
    yield 869_504, 4, 128, 352, 4096
    for _ in range(10):
        yield tuple(int(rng.integers(1, most)) for most in (100_000, 9, 200, 500, 5000))


def listed(parameters, n_layer, d_model, d_ff, tokens):
    """Array by array."""
    C, F = d_model, d_ff
    layer = {"norm": C, "qkv": 3 * C, "turned": 2 * C, "attention": C, "sum": C, "second norm": C, "gate, up": 2 * F,
             "product": F, "second sum": C}  # fmt: skip
    outside = {"embedding": C, "last norm": C, "its gradient": C}
    numbers = n_layer * sum(layer.values()) + sum(outside.values())
    return tuple(4 * n for n in (parameters, parameters, 2 * parameters, numbers * tokens))


# ---- 20.3 ----


def bit_patterns(rng):
    """(lower, first, n), as for `patterns`. The last ones hold all upper halves."""
    for lower, first in (
        (0, 0x3F80), (1, 0x3F80), (0x7FFF, 0x3F80), (0x8000, 0x3F80), (0x8000, 0x3F81), (0x8001, 0x3F80),
        (0xFFFF, 0x3F80), (0xFFFF, 0x3FFF), (0, 0), (0, 0x8000), (0x8000, 0), (0x8000, 1), (0x8001, 0x8000),
        (0xC000, 0xBF80), (0x4000, 0xBF80), (0x8000, 0xBF80), (0x8000, 0xBF81), (0, 0x7F80), (0, 0xFF80),
        (0xFFFF, 0x7F7F), (0x8000, 0x7F7F), (0x7FFF, 0x7F7F), (0xFFFF, 0xFF7F), (0, 0x7FC0), (1, 0x7F80),
        (0xFFFF, 0x7FFF), (0xFFFF, 0xFFFF), (1, 0xFF80), (0x8000, 0x7FFF),
    ):  # fmt: skip
        yield lower, first, 1
    yield 0x8000, 0x3F80, 3
    for lower in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, int(rng.integers(0, 65536))):
        yield lower, 0, 65536


def pattern_array(lower, first, n):
    return (((np.arange(first, first + n, dtype=np.uint32) << 16) | np.uint32(lower)).view(np.float32),)


def rounded(names, x):
    """What the learner's function makes of them; all NaNs are one."""
    got = names["to_bf16"](x)
    found = difference(got, np.zeros(x.shape, np.uint16), EXACT)
    if found and found.kind == "form":
        raise Unusable(found.text)
    return readable(np.where((got & 0x7FFF) > 0x7F80, np.uint16(NAN), got))


def readable(bits):
    """A few bit patterns as text: a message is read by people."""
    return [f"0x{one:04X}" for one in bits.tolist()] if bits.size <= FEW else bits


def nearest(lower, first, n):
    """The nearest bfloat16 of each pattern."""
    return readable(nearest_of(*pattern_array(lower, first, n)))


def nearest_of(x):
    """By arithmetic with the two neighbours, in float64, and not with bits."""
    below = x.view(np.uint32) >> 16
    top = (below & 0x7FFF) == 0x7F7F  # above the largest number, infinity stands where 2^128 would be
    with np.errstate(invalid="ignore"):
        values = [(bits << 16).view(np.float32).astype(np.float64) for bits in (below, below + 1)]
        values[1] = np.where(top, np.sign(values[0]) * 2.0**128, values[1])
        down, up = (np.abs(value - x.astype(np.float64)) for value in values)
    chosen = np.where((up < down) | ((up == down) & (below % 2 == 1)), below + 1, below)
    chosen = np.where(np.isinf(x), below, chosen)
    return np.where(np.isnan(x), NAN, chosen).astype(np.uint16)


def typed_patterns(lower, first, n):
    return f"to_bf16(patterns(lower=0x{lower:04X}, first=0x{first:04X}, n={n}))"


def there(lower, first, n):
    """Inputs that `patterns` takes."""
    return n >= 1 and first + n <= 65536


# ---- 20.4 ----


def rings(rng):
    """(arrays,): the x of each rank"""
    yield ([np.array([3.0])],)
    yield ([np.array([1.0, 2.0]), np.array([10.0, 20.0])],)
    yield ([np.array([1.0]), np.array([2.0])],)
    yield ([np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0]), np.array([100.0, 200.0, 300.0])],)
    yield ([np.array([1e8, 1e8, 1e8], np.float32), np.array([-1e8] * 3, np.float32), np.ones(3, np.float32)],)
    for size in (2, 3, 3, 4, 5):
        n = int(rng.integers(1, 14))
        yield (
            [np.round(rng.normal(size=n) * 10.0 ** rng.integers(-3, 6, n), 3).astype(np.float32) for _ in range(size)],
        )


def gone_around(names, arrays):
    """The result of each rank, and how many numbers it sent."""
    size = len(arrays)

    def work(rank, send, receive):
        return names["ring_all_reduce"](rank, size, arrays[rank], send, receive)

    results, sent = ring(size, work)
    return [*results, *sent]


def by_chunks(arrays):
    """Chunk c begins on rank c, and is added up in the order of the ring. Everybody gets the same bits."""
    size, n = len(arrays), len(arrays[0])
    places = np.array_split(np.arange(n), size)
    total = np.zeros_like(arrays[0])
    for c, place in enumerate(places):
        partial = arrays[c][place]
        for step in range(1, size):
            partial = arrays[(c + step) % size][place] + partial
        total[place] = partial
    sent = [
        sum(len(places[(rank - step) % size]) + len(places[(rank + 1 - step) % size]) for step in range(size - 1))
        for rank in range(size)
    ]
    return [*(total.copy() for _ in range(size)), *sent]


def on_rank(what, arrays):
    """What to call the results of the ranks."""
    return [f"`{what} on rank {rank}`" for rank in range(len(arrays))]


def typed_ring(arrays):
    listed = ", ".join(f"np.array({x.tolist()}{'' if x.dtype == np.float64 else ', np.float32'})" for x in arrays)
    size = len(arrays)
    return (
        f"x = [{listed}]\n    ring({size}, lambda rank, send, receive: "
        f"ring_all_reduce(rank, {size}, x[rank], send, receive))"
    )


# ---- 20.5 ----


def batches(rng):
    """(gradients, tokens, max_norm): the mean gradient and the tokens of each rank"""
    yield [np.array([1.0])], [1], 10.0
    yield [np.array([3.0, 4.0])], [2], 2.5
    yield [np.array([1.0]), np.array([3.0])], [1, 1], 10.0
    yield [np.array([1.0]), np.array([3.0])], [3, 1], 10.0
    yield [np.array([4.0]), np.array([-2.0])], [1, 1], 0.5
    yield [np.array([4.0]), np.array([1.0])], [1, 1], 2.0
    yield [np.array([2.0]), np.array([0.0])], [5, 0], 10.0
    yield [np.array([0.0]), np.array([2.0])], [0, 5], 10.0
    yield [np.array([0.0, 0.0]), np.array([0.0, 0.0])], [1, 2], 1.0
    yield [np.array([3.0, 0.0]), np.array([0.0, 4.0])], [1, 1], 1.0
    for _ in range(8):
        size, n = (int(k) for k in rng.integers(2, 5, 2))
        tokens = rng.integers(0, 6, size)
        tokens[int(rng.integers(0, size))] = 3
        gradients = [np.round(rng.normal(size=n) * 2, 1) * (t > 0) for t in tokens]
        yield gradients, tokens.tolist(), float(rng.choice([0.5, 1.0, 50.0]))


def on_all_ranks(names, gradients, tokens, max_norm):
    """The result of each rank."""
    size = len(gradients)

    def work(rank, send, receive):
        all_reduce = summing(rank, size, send, receive)
        return names["shared_gradient"](gradients[rank], tokens[rank], max_norm, all_reduce)

    return ring(size, work)[0]


def in_one_place(gradients, tokens, max_norm):
    """One process with all tokens."""
    mean = [
        math.fsum(t * float(g[i]) for g, t in zip(gradients, tokens, strict=True)) / sum(tokens)
        for i in range(len(gradients[0]))
    ]
    norm = math.sqrt(math.fsum(m * m for m in mean))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [np.array([factor * m for m in mean]) for _ in gradients]


def typed_batch(gradients, tokens, max_norm):
    listed = ", ".join(f"np.array({g.tolist()})" for g in gradients)
    size = len(gradients)
    return (
        f"gradients, tokens = [{listed}], {tokens}\n    ring({size}, lambda rank, send, receive: "
        f"shared_gradient(gradients[rank], tokens[rank], {max_norm}, summing(rank, {size}, send, receive)))"
    )


def same_bits(call, *case):
    found = call(*case)
    return all(np.array_equal(one, found[0]) for one in found)


# ---- 20.6 ----


def points(rng):
    """(x, y)"""
    yield [1.0, 4.0], [6.0, 3.0]
    yield [1.0, 10.0], [1.0, 0.1]
    yield [10.0, 1000.0], [5.0, 0.5]
    yield [1.0, 2.0, 4.0], [8.0, 4.0, 2.0]
    yield [1.0, 2.0, 4.0], [8.0, 5.0, 2.0]
    for _ in range(10):
        x = np.unique(rng.integers(1, 5000, int(rng.integers(3, 8)))).astype(float)
        y = 20 * x ** -float(rng.uniform(0.1, 1.2)) * np.exp(rng.normal(0, 0.3, len(x)))
        yield x.tolist(), y.round(4).clip(1e-3).tolist()


def by_sums(x, y):
    """The normal equations of the line, one sum after the other."""
    u, v = [math.log(a) for a in x], [math.log(b) for b in y]
    mean_u, mean_v = math.fsum(u) / len(u), math.fsum(v) / len(v)
    slope = math.fsum((a - mean_u) * (b - mean_v) for a, b in zip(u, v, strict=True))
    slope /= math.fsum((a - mean_u) ** 2 for a in u)
    return math.exp(mean_v - slope * mean_u), -slope


# ---- 20.7 ----


def laws(rng):
    """(budget, A, alpha, B, beta)"""
    yield 600.0, 1.0, 1.0, 1.0, 1.0
    yield 2400.0, 1.0, 1.0, 1.0, 1.0
    yield 600.0, 4.0, 1.0, 1.0, 1.0
    yield 600.0, 1.0, 1.0, 4.0, 1.0
    yield 600.0, 1.0, 0.5, 1.0, 1.0
    yield 600.0, 1.0, 1.0, 1.0, 0.5
    for _ in range(10):
        A, B = (float(f"{10 ** rng.uniform(0, 4):.3g}") for _ in range(2))
        alpha, beta = (round(float(rng.uniform(0.2, 1.0)), 2) for _ in range(2))
        yield float(f"{10 ** rng.uniform(6, 12):.3g}"), A, alpha, B, beta


def lowest(budget, A, alpha, B, beta):
    """Where the slope of the loss changes its sign, in log N, by halving."""
    low, high = -200.0, 200.0
    for _ in range(200):
        u = (low + high) / 2
        falls = math.log(alpha * A) - alpha * u
        rises = math.log(beta * B) + beta * (u - math.log(budget / 6))
        low, high = (u, high) if falls > rises else (low, u)
    return math.exp(u)


CHECKS = {
    "operations": Check(cases=shapes, expected=added_up, bound=COUNT, shrink=False),
    "memory": Check(
        cases=steps, expected=listed, shrink=False,
        parts=("`weights`", "`gradient`", "`averages`", "`kept`"),
    ),
    "to_bf16": Check(
        cases=bit_patterns, expected=nearest, given=pattern_array, observe=rounded, show=typed_patterns, compared=40,
        only=there,
    ),
    "ring_all_reduce": Check(
        cases=rings, expected=by_chunks, observe=gone_around, show=typed_ring, shrink=False,
        parts=lambda arrays: [*on_rank("sum", arrays), *on_rank("numbers sent", arrays)],
    ),
    "shared_gradient": Check(
        cases=batches, expected=in_one_place, observe=on_all_ranks, show=typed_batch, bound=SUM, shrink=False,
        parts=lambda gradients, tokens, max_norm: on_rank("gradient", gradients),
        properties=(Property("all ranks have the same bits", same_bits),),
    ),
    "power_law": Check(cases=points, expected=by_sums, bound=LINE, shrink=False, parts=("A", "alpha")),
    "best_size": Check(cases=laws, expected=lowest, bound=ROOT, shrink=False),
}  # fmt: skip
