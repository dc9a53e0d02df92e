"""What is tried with the exercises of lesson 8, and what must come out. The oracles are loops, or minirl's model."""

import cmath
import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound
from minirl.lessons.example_model import example_layer, example_model

FEW = Bound(200, 4.0, reason="sums over a row, and a few roots and exponentials")
DEEP = Bound(20_000, 4.0, reason="sums in several layers, one after the other")


def rows(rng, *shape):
    return np.round(rng.normal(size=shape), 1)


def norms(rng):
    yield np.array([[3.0, 4.0]]), np.array([1.0, 1.0]), 0.0
    yield np.array([[0.0, 0.0]]), np.array([1.0, 1.0]), 1e-5
    for T, C in ((1, 3), (2, 2), (3, 3), (2, 4), (3, 5)):
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
    for T, D in ((2, 4), (3, 2), (3, 6), (5, 8)):
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
    for T, D, E in ((2, 2, 2), (3, 4, 4), (4, 2, 2), (5, 3, 3), (6, 4, 4), (3, 2, 4)):
        yield rows(rng, T, D), rows(rng, T, D), rows(rng, T, E)


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


def plain_layer(tokens, heads, half):
    from minirl import Tensor, kernels
    from minirl.model.plain import plain_block

    p, config, x = example_layer(tokens, heads, half)
    with kernels.using("reference"):
        return plain_block({name: Tensor(value) for name, value in p.items()}, config, Tensor(x)).data


def plain(tokens, layers, silent):
    from minirl import Tensor, kernels
    from minirl.model.plain import plain_gpt

    p, config, ids = example_model(tokens, layers, silent)
    with kernels.using("reference"):
        return plain_gpt({name: Tensor(value) for name, value in p.items()}, config, ids).data


def layers_to_try(rng):
    """Each case needs one thing more than the cases before it, so that the first that fails says where to look."""
    yield from ((tokens, 1, "attention") for tokens in range(1, 9))
    yield from ((tokens, 2, "attention") for tokens in (1, 2, 3))
    yield 3, 3, "attention"
    yield from ((tokens, heads, half) for half in ("feed-forward", "both") for tokens, heads in ((1, 1), (3, 2)))


def typed_layer(tokens, heads, half):
    only = "" if half == "both" else f", half={half!r}"
    if half == "both":
        note = "Each half is right alone. The second one reads x after the first has added to it."
    elif half == "feed-forward":
        note = "The attention half is right, and adds 0 here. So look at the feed-forward half."
    elif heads > 1:
        note = "With one head it is right. So look at how rows are cut into heads, and put together again."
    elif tokens > 1:
        note = "With one token it is right. So look at queries, keys, rotation and the order of the steps."
    else:
        note = "A token alone sees only itself, so queries, keys and rotation do not matter here yet."
    return f"block(*example_layer(tokens={tokens}, heads={heads}{only}))\n    # {note}"


def models_to_try(rng):
    yield from ((tokens, 1, True) for tokens in (1, 2, 4))
    yield from ((tokens, layers, False) for layers in (1, 2, 3) for tokens in (1, 2, 4))


def typed_model(tokens, layers, silent):
    more = ", silent=True" if silent else ""
    if silent:
        note = "The layer adds 0 here. The table, the last norm and the output matrix come first."
    elif layers == 1:
        note = "What comes before and after the layer is right."
    else:
        note = "With one layer it is right."
    return f"gpt(*example_model(tokens={tokens}, layers={layers}{more}))\n    # {note}"


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
        cases=layers_to_try,
        given=example_layer,
        expected=plain_layer,
        show=typed_layer,
        bound=DEEP,
        shrink=False,
    ),
    "gpt": Check(
        cases=models_to_try,
        given=example_model,
        expected=plain,
        show=typed_model,
        bound=DEEP,
        shrink=False,
    ),
    "n_parameters": Check(
        cases=sizes,
        expected=counted,
        properties=(
            Property(
                "one more token in the vocabulary is one more row of the token table and one of the output matrix: "
                "2 * d_model parameters",
                lambda call, V, L, C, F: call(V + 1, L, C, F) - call(V, L, C, F) == 2 * C,
            ),
            Property(
                "one more in d_ff is, in each layer, one more gate, one more up, and one more column of the way down: "
                "3 * d_model parameters",
                lambda call, V, L, C, F: call(V, L, C, F + 1) - call(V, L, C, F) == 3 * C * L,
            ),
            Property(
                "one more layer is 4 * d_model^2 parameters for queries, keys, values and the projection, "
                "3 * d_model * d_ff for the feed-forward part, and 2 * d_model for two norms",
                lambda call, V, L, C, F: call(V, L + 1, C, F) - call(V, L, C, F) == 4 * C * C + 3 * C * F + 2 * C,
            ),
            Property(
                "what is in no layer is the token table, the output matrix, and one norm: 2 * vocab_size * d_model + "
                "d_model parameters",
                lambda call, V, L, C, F: 2 * call(V, L, C, F) - call(V, 2 * L, C, F) == 2 * V * C + C,
            ),
        ),
        shrink=False,
    ),
}
