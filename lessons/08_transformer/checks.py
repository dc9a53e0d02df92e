"""What is tried with the exercises of lesson 8, and what must come out. The oracles are loops, or minirl's model."""

import cmath
import functools
import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound

FEW = Bound(200, 4.0, reason="sums over a row, and a few roots and exponentials")
DEEP = Bound(20_000, 4.0, reason="sums in several layers, one after the other")


def rows(rng, *shape):
    return np.round(rng.normal(size=shape), 1)


def norms(rng):
    yield np.array([[3.0, 4.0]]), np.array([1.0, 1.0]), 0.0
    yield np.array([[0.0, 0.0]]), np.array([1.0, 1.0]), 1e-5
    for T, C in ((1, 3), (2, 2), (3, 5)):
        yield rows(rng, T, C), np.round(rng.uniform(0.5, 2, C), 1), 1e-5


def by_rows(x, gain, eps):
    out = np.empty(x.shape)
    for t, row in enumerate(x.tolist()):
        size = math.sqrt(math.fsum(v * v for v in row) / len(row) + eps)
        out[t] = [g * v / size for g, v in zip(gain.tolist(), row, strict=True)]
    return out


def places(rng):
    yield np.array([[1.0, 0.0]]), 10.0
    yield np.array([[1.0, 0.0], [1.0, 0.0]]), 10.0
    for T, D in ((2, 4), (3, 6), (5, 8)):
        yield rows(rng, T, D), 100.0


def turned(x, base):
    """A point in the plane is a complex number, and turning it is a product with e^(i angle)."""
    T, D = x.shape
    out = np.empty(x.shape)
    for t in range(T):
        for i in range(D // 2):
            point = complex(x[t, i], x[t, i + D // 2]) * cmath.exp(1j * t * base ** (-2 * i / D))
            out[t, i], out[t, i + D // 2] = point.real, point.imag
    return out


def queries(rng):
    yield np.array([[1.0]]), np.array([[1.0]]), np.array([[5.0]])
    yield np.array([[1.0], [1.0]]), np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])
    for T, D in ((2, 2), (3, 4), (5, 3)):
        yield rows(rng, T, D), rows(rng, T, D), rows(rng, T, D)


def one_by_one(q, k, v):
    T, D = q.shape
    out = np.zeros(v.shape)
    for t in range(T):
        scores = [math.fsum(q[t] * k[s]) / math.sqrt(D) for s in range(t + 1)]
        weights = [math.exp(score - max(scores)) for score in scores]
        for s in range(t + 1):
            out[t] += weights[s] / math.fsum(weights) * v[s]
    return out


def blind(call, q, k, v):
    """Whether the first tokens stay as they are when the last one changes."""
    changed = call(q, np.vstack([k[:-1], k[-1:] + 3]), np.vstack([v[:-1], v[-1:] - 2]))
    return np.allclose(changed[:-1], call(q, k, v)[:-1])


def gates(rng):
    yield np.array([[0.0]]), np.array([[1.0]])
    yield np.array([[1.0, -1.0]]), np.array([[2.0, 3.0]])
    for shape in ((1, 3), (2, 4), (3, 2)):
        yield rows(rng, *shape), rows(rng, *shape)


def gated(gate, up):
    values = [g / (1 + math.exp(-g)) * u for g, u in zip(gate.ravel(), up.ravel(), strict=True)]
    return np.array(values).reshape(gate.shape)


# ---- whole models: the oracle is minirl's plain transformer, in float64 ----


@functools.cache
def model(seed, n_layer, n_head):
    """A small model's configuration, and its parameters in float64 with gains that are not 1."""
    from minirl.model import GPT, GPTConfig

    config = GPTConfig.llama(vocab_size=11, context_length=16, n_layer=n_layer, n_head=n_head, d_model=8, d_ff=12)
    rng = np.random.default_rng(seed)
    drawn = {}
    for name, parameter in GPT(config, seed=seed).named_parameters():
        norm = parameter.ndim == 1
        drawn[name] = rng.uniform(0.5, 1.5, parameter.shape) if norm else rng.normal(0, 0.5, parameter.shape)
    return config, drawn


def plain(seed, n_layer, n_head, ids):
    from minirl import Tensor, kernels
    from minirl.model.plain import plain_gpt

    config, drawn = model(seed, n_layer, n_head)
    with kernels.using("reference"):
        return plain_gpt({name: Tensor(value) for name, value in drawn.items()}, config, list(ids)).data


def plain_layer(seed, n_head, ids):
    from minirl import Tensor, kernels
    from minirl.model.plain import inside, plain_block

    config, drawn = model(seed, 1, n_head)
    parameters = inside({name: Tensor(value) for name, value in drawn.items()}, "blocks.0.")
    with kernels.using("reference"):
        return plain_block(parameters, config, Tensor(drawn["token_embedding.weight"][list(ids)])).data


def your_layer(names, seed, n_head, ids):
    config, drawn = model(seed, 1, n_head)
    short = {name.removeprefix("blocks.0."): value for name, value in drawn.items() if name.startswith("blocks.0.")}
    return names["block"](short, config, drawn["token_embedding.weight"][list(ids)])


def sentences(rng, count):
    yield (3,)
    yield (3, 7)
    for length in range(3, 3 + count):
        yield tuple(rng.integers(0, 11, length).tolist())


def sizes(rng):
    yield 10, 1, 4, 8
    yield 320, 2, 64, 192
    for _ in range(6):
        yield tuple(
            int(n) for n in (rng.integers(2, 99), rng.integers(1, 9), 4 * rng.integers(1, 9), rng.integers(4, 99))
        )


def counted(vocab_size, n_layer, d_model, d_ff):
    shapes = [(vocab_size, d_model), (d_model,), (vocab_size, d_model)]
    for _ in range(n_layer):
        shapes += [
            (d_model,),
            (3 * d_model, d_model),
            (d_model, d_model),
            (d_model,),
            (2 * d_ff, d_model),
            (d_model, d_ff),
        ]
    return sum(math.prod(shape) for shape in shapes)


CHECKS = {
    "rms_norm": Check(cases=norms, expected=by_rows, bound=FEW, shrink=False),
    "rotate": Check(
        cases=places,
        expected=turned,
        bound=FEW,
        properties=(
            Property(
                "a row keeps its length when it is turned",
                lambda call, x, base: np.allclose((call(x, base) ** 2).sum(axis=1), (x**2).sum(axis=1)),
            ),
        ),
        shrink=False,
    ),
    "attention": Check(
        cases=queries,
        expected=one_by_one,
        bound=FEW,
        properties=(Property("a token learns nothing of the tokens after it", blind),),
        shrink=False,
    ),
    "swiglu": Check(cases=gates, expected=gated, bound=FEW, shrink=False),
    "block": Check(
        cases=lambda rng: [(1, heads, ids) for ids in sentences(rng, 3) for heads in (1, 2)],
        expected=plain_layer,
        observe=your_layer,
        show=lambda seed, n_head, ids: (
            f"block(p, config, x) with {n_head} heads, for {len(ids)} tokens and random parameters"
        ),
        bound=DEEP,
        shrink=False,
    ),
    "gpt": Check(
        cases=lambda rng: [(2, layers, 2, ids) for ids in sentences(rng, 3) for layers in (1, 2)],
        expected=plain,
        observe=lambda names, seed, n_layer, n_head, ids: names["gpt"](*model(seed, n_layer, n_head)[::-1], ids),
        show=lambda seed, n_layer, n_head, ids: f"gpt(p, config, {ids}) with {n_layer} layers and random parameters",
        bound=DEEP,
        shrink=False,
    ),
    "n_parameters": Check(cases=sizes, expected=counted, shrink=False),
}
