"""What is tried with the exercises of lesson 10, and what must come out."""

import math

import numpy as np

from minirl.lessons.check import Check, Property, Unusable
from minirl.lessons.compare import EXACT, Bound, Verdict, difference, literal
from minirl.lessons.example_model import example_model

FEW = Bound(40, 1.0, reason="a sum and a division")
DEEP = Bound(20_000, 4.0, reason="sums in several layers, one after the other")


def policies(rng):
    yield np.array([0.5, 0.3, 0.2])
    yield np.array([0.2, 0.5, 0.3])
    yield np.array([0.25, 0.25, 0.25, 0.25])
    yield np.array([0.1, 0.4, 0.1, 0.4])
    for _ in range(6):
        pi = rng.dirichlet(np.full(int(rng.integers(2, 7)), 0.7)).round(2)
        if pi.min() > 0:
            yield pi / pi.sum()


def to_k(rng):
    """(pi, k)"""
    for pi in policies(rng):
        for k in (1, 2, 3, 9):
            yield pi, k
    yield np.tile([0.02, 0.03], 20), 25


def to_p(rng):
    """(pi, p)"""
    for pi in policies(rng):
        for p in (0.45, 0.7, 0.93, 1.0):
            yield pi, p
    yield np.array([0.5, 0.25, 0.25]), 0.75
    yield np.full(10, 0.1), 1.0
    yield np.tile([0.02, 0.03], 20), 0.75


def likeliest_first(pi):
    return sorted(range(len(pi)), key=lambda i: (-pi[i], i))


def only(pi, chosen):
    total = math.fsum(pi[i] for i in chosen)
    return np.array([pi[i] / total if i in chosen else 0.0 for i in range(len(pi))])


def cut_to_k(pi, k):
    return only(pi.tolist(), likeliest_first(pi)[:k])


def cut_to_p(pi, p):
    chosen, total = [], 0.0
    for i in likeliest_first(pi):
        chosen.append(i)
        total += float(pi[i])
        if total >= p:
            break
    return only(pi.tolist(), chosen)


def batches(rng):
    """(logits, u, temperature, k, p)"""
    two = np.log([[0.8, 0.2], [0.8, 0.2]])
    yield two, np.array([0.5, 0.9]), 1.0, 0, 1.0
    yield two, np.array([0.9, 0.5]), 0.5, 0, 1.0
    yield two, np.array([0.9, 0.9]), 0.0, 0, 1.0
    yield np.array([[0.0, 0.0, -1.0]]), np.array([0.7]), 0.0, 0, 1.0
    three = np.log([[0.2, 0.5, 0.3], [0.5, 0.2, 0.3]])
    yield three, np.array([0.1, 0.99]), 1.0, 1, 1.0
    yield three, np.array([0.3, 0.7]), 1.0, 2, 1.0
    yield three, np.array([0.05, 0.95]), 1.0, 0, 0.75
    yield three, np.array([0.35, 0.1]), 2.0, 0, 0.7
    yield three, np.array([0.05, 0.95]), 1.0, 2, 0.6
    yield two, np.array([0.9, 0.9]), 2.0, 0, 1.0
    yield np.log([[0.5, 0.2, 0.3]]), np.array([0.5]), 2.0, 0, 0.75
    yield np.array([[1000.0, 1001.0]]), np.array([0.5]), 1.0, 0, 1.0
    yield np.log([[0.2, 0.3, 0.5]]), np.array([0.0]), 1.0, 1, 1.0
    yield np.log([[0.4, 0.35, 0.25]]), np.array([0.6]), 1.0, 2, 0.5
    yield np.zeros((1, 10)), np.array([1 - 2**-53]), 1.0, 0, 1.0
    for _ in range(10):
        N, V = int(rng.integers(1, 4)), int(rng.integers(2, 6))
        yield (
            rng.normal(0, 1.5, (N, V)).round(1), rng.random(N).round(3), float(rng.choice([0.5, 1.0, 2.0])),
            int(rng.choice([0, 0, 1, 2])), float(rng.choice([1.0, 0.63, 0.87])),
        )  # fmt: skip


def drawn(logits, u, temperature, k, p):
    chosen = []
    for row, number in zip(np.asarray(logits, np.float64), np.asarray(u).tolist(), strict=True):
        if temperature == 0:
            chosen.append(row.tolist().index(max(row.tolist())))
            continue
        weights = np.exp((row - row.max()) / temperature)
        pi = weights / weights.sum()
        if k > 0:
            pi = cut_to_k(pi, k)
        if p < 1:
            pi = cut_to_p(pi, p)
        total = 0.0
        for i, chance in enumerate(pi.tolist()):
            total += chance
            if number < total and chance > 0:
                chosen.append(i)
                break
        else:
            chosen.append(max(i for i, chance in enumerate(pi.tolist()) if chance > 0))
    return chosen


def typed_sample(logits, u, temperature, k, p):
    """The call of sample; logits that are logarithms of simple numbers stand as such."""
    simple = np.exp(logits).round(2)
    typed = f"np.log({simple.tolist()})" if simple.all() and np.array_equal(np.log(simple), logits) else literal(logits)
    return f"sample({typed}, {literal(u)}, {temperature}, {k}, {p})"


def repeats(call, logits, u, *others):
    many = np.tile(logits, (50, 1)), np.tile(u, 50)
    return call(*many, *others) == call(*many, *others)


def single_queries(rng):
    """(q, keys, values)"""
    yield np.array([1.0, 0.0]), np.array([[1.0, 0.0]]), np.array([[2.0]])
    yield np.array([1.0, 1.0]), np.zeros((2, 2)), np.array([[2.0], [4.0]])
    yield np.array([100.0, 0.0]), np.array([[100.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    for _ in range(8):
        t, D, E = (int(n) for n in rng.integers(1, 5, 3))
        yield rng.normal(size=D).round(1), rng.normal(size=(t, D)).round(1), rng.normal(size=(t, E)).round(1)


def averaged(q, keys, values):
    scores = [
        math.fsum(a * b for a, b in zip(q.tolist(), key, strict=True)) / math.sqrt(len(q)) for key in keys.tolist()
    ]
    weights = [math.exp(score - max(scores)) for score in scores]
    total = math.fsum(weights)
    return np.array([
        math.fsum(w * row[e] for w, row in zip(weights, values.tolist(), strict=True)) / total
        for e in range(values.shape[1])
    ])  # fmt: skip


def models(rng):
    """(tokens, layers)"""
    return [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (5, 2)]


def token_by_token(names, tokens, layers):
    """By the learner's step: the logits after each token, the first layer's keys at the end, and whether a cache that
    was given stayed as it was."""
    p, config, ids = example_model(tokens, layers)
    cache, logits, kept = names["empty_cache"](config), [], Verdict()
    for token in ids:
        before = [(keys.copy(), values.copy()) for keys, values in cache]
        now, new = names["step"](p, config, token, cache)
        logits.append(np.asarray(now))
        if len(new) != layers:
            raise Unusable(f"the new cache has {len(new)} pairs of keys and values; there should be one for each layer")
        if difference(cache, before, EXACT):
            kept = Verdict("changed", "the cache that `step` was given is another one after the call")
        cache = new
    return np.stack(logits), np.asarray(cache[0][0]), kept


def all_at_once(tokens, layers):
    from minirl import Tensor, kernels
    from minirl.model.plain import plain_gpt

    p, config, ids = example_model(tokens, layers)
    with kernels.using("reference"):
        logits = plain_gpt({name: Tensor(value) for name, value in p.items()}, config, ids).data
    return logits, first_keys(p, config, ids), Verdict()


def first_keys(p, config, ids):
    """The keys of the first layer, turned: pairs of numbers as complex numbers, times e^(i place frequency)."""
    x, C, D = p["token_embedding.weight"][ids], config.d_model, config.head_size
    normed = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + config.norm_eps) * p["blocks.0.attention_norm.weight"]
    keys = (normed @ p["blocks.0.attention.qkv.weight"][C : 2 * C].T).reshape(len(ids), config.n_head, 2, D // 2)
    frequencies = config.rope_base ** (-np.arange(0, D, 2) / D)
    turned = (keys[:, :, 0] + 1j * keys[:, :, 1]) * np.exp(1j * np.arange(len(ids))[:, None, None] * frequencies)
    return np.stack([turned.real, turned.imag], axis=2).reshape(len(ids), C)


def typed_step(tokens, layers):
    return (
        f"p, config, ids = example_model(tokens={tokens}, layers={layers})\n    cache = empty_cache(config)\n"
        "    for token in ids: logits, cache = step(p, config, token, cache)\n"
        "    # row t of logits, here: the logits after token t. cache[0][0]: the keys of the first layer at the end"
    )


def shapes(rng):
    """(n_layer, d_model, d_ff, vocab_size, tokens, cached)"""
    yield 1, 2, 3, 5, 1, True
    yield 1, 2, 3, 5, 2, True
    yield 1, 2, 3, 5, 2, False
    yield 2, 4, 6, 10, 3, False
    for _ in range(8):
        yield (*(int(n) for n in rng.integers(1, 9, 4)), int(rng.integers(1, 9)), bool(rng.integers(0, 2)))


def counted(n_layer, C, F, V, tokens, cached):
    matrices = 8 * C * C + 6 * C * F
    if cached:
        return n_layer * (matrices + 4 * tokens * C) + 2 * C * V
    return n_layer * (tokens * matrices + 2 * C * tokens * (tokens + 1)) + 2 * C * V


def adds_up(call, pi, *others):
    return abs(call(pi, *others).sum() - 1) < 1e-9


CHECKS = {
    "top_k": Check(
        cases=to_k, expected=cut_to_k, bound=FEW, shrink=False,
        properties=(Property("the probabilities add up to 1", adds_up),),
    ),
    "top_p": Check(
        cases=to_p, expected=cut_to_p, bound=FEW, shrink=False,
        properties=(Property("the probabilities add up to 1", adds_up),),
    ),
    "sample": Check(
        cases=batches, expected=drawn, show=typed_sample, shrink=False,
        properties=(Property("the same random numbers u give the same tokens", repeats),),
    ),
    "attend": Check(cases=single_queries, expected=averaged, bound=Bound(200, 2.0, reason="exponentials and sums"),
                    shrink=False),
    "step": Check(
        cases=models, expected=all_at_once, observe=token_by_token, show=typed_step, bound=DEEP, shrink=False,
        parts=("logits", "cache[0][0]"),
    ),
    "operations": Check(cases=shapes, expected=counted, shrink=False),
}  # fmt: skip
