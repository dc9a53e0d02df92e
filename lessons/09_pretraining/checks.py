"""What is tried with the exercises of lesson 9, and what must come out."""

import math
from collections import Counter

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound


def texts(rng):
    yield (np.array([5, 2]),)
    yield (np.array([5, 2, 7]),)
    for n in (4, 9):
        yield (rng.integers(0, 9, n),)


def seen_and_said(ids):
    return ids[: len(ids) - 1].copy(), ids[1:].copy()


def number_by_number(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """The equations for one number at a time, in float64."""
    out = [np.empty(p.shape, p.dtype) for _ in range(3)]
    for index in np.ndindex(p.shape):
        w, d, first, second = (float(array[index]) for array in (p, g, m, v))
        first = beta1 * first + (1 - beta1) * d
        second = beta2 * second + (1 - beta2) * d * d
        step = first / (1 - beta1**t) / (math.sqrt(second / (1 - beta2**t)) + eps)
        for array, value in zip(out, (w - lr * (step + weight_decay * w), first, second), strict=True):
            array[index] = value
    return tuple(out)


def at_once(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """The same for large float32 arrays."""
    w, d, first, second = (np.asarray(array, np.float64) for array in (p, g, m, v))
    first, second = beta1 * first + (1 - beta1) * d, beta2 * second + (1 - beta2) * d * d
    step = first / (1 - beta1**t) / (np.sqrt(second / (1 - beta2**t)) + eps)
    return tuple(x.astype(p.dtype) for x in (w - lr * (step + weight_decay * w), first, second))


def updates(rng):
    zero = np.zeros(1)
    yield np.array([1.0]), np.array([0.5]), zero, zero, 1, 0.1, 0.9, 0.95, 1e-8, 0.0
    yield np.array([1.0]), np.array([0.5]), zero, zero, 1, 0.1, 0.9, 0.95, 0.5, 0.0
    yield np.array([1.0]), np.array([0.0]), zero, zero, 1, 0.1, 0.9, 0.95, 1e-8, 0.0
    yield np.array([1.0]), np.array([0.5]), zero, zero, 1, 0.1, 0.9, 0.95, 1e-8, 0.5
    yield np.array([1.0, -2.0]), np.array([0.5, 50.0]), np.zeros(2), np.zeros(2), 1, 0.1, 0.9, 0.95, 1e-8, 0.1
    single = [np.array([number], np.float32) for number in (1.0, 0.5, 0.25, 0.5)]  # in training all arrays are float32
    yield *single, 2, 0.1, 0.9, 0.95, 1e-8, 0.1
    for t in (2, 7, 100):
        p, g, m = np.round(rng.normal(size=(3, 2, 3)), 1)
        yield p, g, m, np.round(rng.uniform(0.1, 1, (2, 3)), 1), t, 0.01, 0.9, 0.95, 1e-8, 0.1


def update_bound(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    largest = max(float(np.abs(array).max(initial=0)) for array in (p, g, m, v))
    return Bound(60, 1 + largest, reason="a dozen operations, some of them divisions")


def lists_of_gradients(rng):
    yield [np.array([3.0, 4.0])], 1.0
    yield [np.array([3.0, 4.0])], 10.0
    yield [np.array([3.0, 4.0])], 2.5
    yield [np.array([3.0]), np.array([[4.0]])], 2.5
    yield [np.zeros(2)], 1.0
    for _ in range(6):
        yield [np.round(rng.normal(size=shape), 1) for shape in ((2,), (3, 2))], float(np.round(rng.uniform(0.5, 4), 1))


def shortened(gradients, max_norm):
    norm = math.sqrt(math.fsum(x * x for g in gradients for x in g.ravel().tolist()))
    return [g * (max_norm / norm if norm > max_norm else 1.0) for g in gradients]


def shortened_at_once(gradients, max_norm):
    """The same for large arrays."""
    norm = math.sqrt(sum(float(np.square(g).sum()) for g in gradients))
    return [g * (max_norm / norm if norm > max_norm else 1.0) for g in gradients]


def same_direction(call, gradients, max_norm):
    before, after = (np.concatenate([g.ravel() for g in gs]) for gs in (gradients, call(gradients, max_norm)))
    return abs(before @ after - np.linalg.norm(before) * np.linalg.norm(after)) < 1e-9


def schedule(rng):
    yield 0, 1.0, 1, 10, 0.0
    yield 0, 1.0, 4, 10, 0.1
    yield 3, 1.0, 4, 10, 0.1
    yield 4, 1.0, 4, 10, 0.1
    yield 7, 1.0, 4, 10, 0.1
    yield 10, 1.0, 4, 10, 0.1
    yield 15, 1.0, 4, 10, 0.1
    for _ in range(8):
        yield int(rng.integers(0, 40)), 0.003, int(rng.integers(1, 8)), 30, 0.0003


def right_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak / warmup * (step + 1)
    x = min(1.0, (step - warmup) / (total - warmup)) if total > warmup else min(1.0, float(step - warmup))
    return final + (peak - final) * math.cos(math.pi * x / 2) ** 2


def parts(rng):
    yield [np.array([1.0])], [5]
    yield [np.array([1.0]), np.array([2.0])], [90, 10]
    for n in (2, 3, 4):
        yield [np.round(rng.normal(size=3), 1) for _ in range(n)], rng.integers(1, 20, n).tolist()
    for n in (2, 3):  # as many parts as rows, too
        yield [np.round(rng.normal(size=(2, 3)), 1) for _ in range(n)], rng.integers(1, 20, n).tolist()


def over_all_tokens(gradients, tokens):
    rows = [g for g, n in zip(gradients, tokens, strict=True) for _ in range(n)]
    return np.mean(rows, axis=0)


def weighted(gradients, tokens):
    """The same for large arrays."""
    return sum(g * (n / sum(tokens)) for g, n in zip(gradients, tokens, strict=True))


def some_losses(rng):
    yield np.array([math.log(2)]), 1
    yield np.array([1.0, 3.0]), 8
    for n in (3, 20):
        yield np.round(rng.uniform(0, 5, n), 2), int(rng.integers(n, 6 * n))


def token_texts(rng):
    yield np.array([0, 1, 0, 1]), 2
    yield np.array([0, 0, 1]), 2
    yield np.array([0, 0, 0, 1]), 2
    yield np.array([0, 1, 1, 0, 1]), 3
    for n in (8, 30, 100):
        yield rng.integers(0, 4, n), 5


def counted(ids, vocab_size):
    pairs = list(zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True))
    both, first = Counter(pairs), Counter(a for a, _ in pairs)
    return -math.fsum(math.log(both[pair] / first[pair[0]]) for pair in pairs) / len(pairs) + 0.0  # no -0


CHECKS = {
    "inputs_and_targets": Check(cases=texts, expected=seen_and_said, parts=("`inputs`", "`targets`"), shrink=False),
    "adamw": Check(
        cases=updates,
        expected=number_by_number,
        parts=("the new p", "the new m", "the new v"),
        bound=update_bound,
        shrink=False,
    ),
    "clip": Check(
        cases=lists_of_gradients,
        expected=shortened,
        bound=Bound(20, 4.0, reason="a sum of squares and a root"),
        properties=(Property("the direction of the whole gradient stays", same_direction),),
        shrink=False,
    ),
    "learning_rate": Check(cases=schedule, expected=right_rate, bound=Bound(20, 1.0, reason="a cosine"), shrink=False),
    "combined": Check(
        cases=parts, expected=over_all_tokens, bound=Bound(200, 4.0, reason="a mean over the tokens"), shrink=False
    ),
    "bits_per_byte": Check(
        cases=some_losses,
        expected=lambda losses, n_bytes: math.fsum(x / math.log(2) for x in losses.tolist()) / n_bytes,
        bound=Bound(60, 1.0, reason="a sum of the losses"),
        shrink=False,
    ),
    "bigram_loss": Check(
        cases=token_texts, expected=counted, bound=Bound(400, 1.0, reason="a mean over the text"), shrink=False
    ),
}
