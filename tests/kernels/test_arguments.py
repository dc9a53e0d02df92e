"""Bad input raises a Python exception that names the operation, what came and what was expected, under both backends.

How arrays must lie in memory is in test_memory_rules.py.
"""

import numpy as np
import pytest
from calls import BACKENDS
from cases import CASES

from minirl import kernels


@pytest.fixture(autouse=True, params=BACKENDS)
def backend(request):
    with kernels.using(request.param):
        yield request.param


def arrays_of(arguments):
    return [index for index, a in enumerate(arguments) if isinstance(a, np.ndarray)]


def unused(case):
    """Indices of arguments that the case draws but does not pass on."""
    return {"layer_norm without beta": [2], "rms_norm": [2]}.get(case.name, [])


def refuse(case, arguments, *errors):
    operation = case.name.split()[0].replace("gelu_tanh", "gelu")
    with pytest.raises(errors or (TypeError, ValueError, IndexError), match=rf"^{operation}: "):
        case.call(*arguments)


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
def test_wrong_dtype(case):
    arguments = case.draw(np.random.default_rng(0), 6, 10, False)
    for index in arrays_of(arguments):
        if index in unused(case):
            continue
        for wrong in (arguments[index].astype(np.float16), arguments[index].tolist()):
            bad = list(arguments)
            bad[index] = wrong
            if case.name == "swiglu of halves" and isinstance(wrong, list):
                continue  # the test itself slices the list
            refuse(case, bad, TypeError)


def f(*shape):
    return np.zeros(shape, np.float32)


WRONG_SHAPES = {
    "softmax: x": lambda: kernels.softmax(np.float32(3)),
    "softmax_backward: dy": lambda: kernels.softmax_backward(f(3, 5), f(3, 4)),
    "log_softmax_backward: dy": lambda: kernels.log_softmax_backward(f(4), f(3, 4)),
    "cross_entropy: logits": lambda: kernels.cross_entropy(f(3, 4, 5), np.zeros(3, np.int32)),
    "cross_entropy: targets": lambda: kernels.cross_entropy(f(3, 4), np.zeros(4, np.int32)),
    "cross_entropy: weights": lambda: kernels.cross_entropy(f(3, 4), np.zeros(3, np.int32), f(3, 1)),
    "linear_cross_entropy: weight": lambda: kernels.linear_cross_entropy(f(3, 4), f(9, 5), np.zeros(3, np.int32)),
    "linear_cross_entropy: targets": lambda: kernels.linear_cross_entropy(f(3, 4), f(9, 4), np.zeros(2, np.int32)),
    "layer_norm: gamma": lambda: kernels.layer_norm(f(3, 4), f(5)),
    "layer_norm: beta": lambda: kernels.layer_norm(f(3, 4), f(4), f(1, 4)),
    "layer_norm_backward: mean": lambda: kernels.layer_norm_backward(f(3, 4), f(3, 4), f(4), f(4), f(3)),
    "layer_norm_backward: rstd": lambda: kernels.layer_norm_backward(f(3, 4), f(3, 4), f(4), f(3), f(3, 1)),
    "rms_norm: gamma": lambda: kernels.rms_norm(f(3, 4), f(3)),
    "rms_norm_backward: dy": lambda: kernels.rms_norm_backward(f(3, 3), f(3, 4), f(4), f(3)),
    "gelu_backward: dy": lambda: kernels.gelu_backward(f(3), f(4)),
    "silu_backward: dy": lambda: kernels.silu_backward(f(3), f(4)),
    "swiglu: up": lambda: kernels.swiglu(f(3, 4), f(3, 5)),
    "swiglu_backward: dy": lambda: kernels.swiglu_backward(f(3, 5), f(3, 4), f(3, 4)),
    "rope: x": lambda: kernels.rope(f(2, 3, 4), np.zeros(3, np.int32), f(9, 2), f(9, 2)),
    "rope: cosine": lambda: kernels.rope(f(1, 3, 2, 4), np.zeros(3, np.int32), f(9, 3), f(9, 2)),
    "rope: sine": lambda: kernels.rope(f(1, 3, 2, 4), np.zeros(3, np.int32), f(9, 2), f(8, 2)),
    "embedding: table": lambda: kernels.embedding(np.zeros(3, np.int32), f(9)),
    "embedding_backward: dout": lambda: kernels.embedding_backward(f(3, 4), np.zeros(2, np.int32), f(9, 4)),
    "column_sums: x": lambda: kernels.column_sums(f(3)),
    "adamw: g": lambda: kernels.adamw(
        [f(3)], [f(4)], [f(3)], [f(3)], step=1, lr=0.1, beta1=0.9, beta2=0.9, eps=0.1, weight_decay=0
    ),
    "adamw: v has 0 arrays": lambda: kernels.adamw(
        [f(3)], [f(3)], [f(3)], [], step=1, lr=0.1, beta1=0.9, beta2=0.9, eps=0.1, weight_decay=0
    ),
    "matmul: a": lambda: kernels.matmul(f(3, 4), f(5, 3)),
    "matmul: bias": lambda: kernels.matmul(f(3, 4), f(4, 5), bias=f(4)),
    "matmul: out": lambda: kernels.matmul(f(3, 4), f(4, 5), out=f(3, 4)),
    "attention: k": lambda: kernels.attention(f(2, 3, 4, 8), f(2, 3, 4, 9), f(2, 3, 4, 9)),
    "attention: v": lambda: kernels.attention(f(2, 3, 4, 8), f(2, 3, 4, 8), f(2, 3, 2, 8)),
    "attention: 4 query heads cannot share 3": lambda: kernels.attention(*[f(2, 3, n, 8) for n in (4, 3, 3)]),
    "attention_backward: lse": lambda: kernels.attention_backward(*[f(2, 3, 4, 8)] * 5, f(2, 3, 4)),
    "attention_decode: q": lambda: kernels.attention_decode(
        f(2, 1, 4, 8), f(2, 9, 4, 8), f(2, 9, 4, 8), np.ones(2, np.int32)
    ),
    "attention_decode: lengths": lambda: kernels.attention_decode(
        f(2, 4, 8), f(2, 9, 4, 8), f(2, 9, 4, 8), np.full(2, 10, np.int32)
    ),
    "sample: uniform": lambda: kernels.sample(f(3, 4), np.zeros(4)),
}


@pytest.mark.parametrize("message", WRONG_SHAPES)
def test_wrong_shape(message):
    with pytest.raises((TypeError, ValueError, IndexError), match=message):
        WRONG_SHAPES[message]()


@each_case
def test_not_contiguous(case):
    arguments = case.draw(np.random.default_rng(0), 6, 10, False)
    for index in arrays_of(arguments):
        if index in unused(case):
            continue
        bad = list(arguments)
        bad[index] = np.repeat(arguments[index], 2, axis=-1)[..., ::2]
        refuse(case, bad, ValueError)


@pytest.mark.parametrize("bad_id", [-1, 11, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize(
    "call",
    [
        lambda ids: kernels.embedding(ids, np.zeros((11, 4), np.float32)),
        lambda ids: kernels.embedding_backward(
            np.zeros((*ids.shape, 4), np.float32), ids, np.zeros((11, 4), np.float32)
        ),
        lambda ids: kernels.cross_entropy(np.zeros((len(ids), 11), np.float32), ids),
        lambda ids: kernels.linear_cross_entropy(
            np.zeros((len(ids), 4), np.float32), np.zeros((11, 4), np.float32), ids
        ),
        lambda ids: kernels.linear_log_prob(np.zeros((len(ids), 4), np.float32), np.zeros((11, 4), np.float32), ids),
    ],
)
def test_ids_out_of_range(call, bad_id):
    ids = np.array([3, 0, bad_id, 10], np.int32)
    with pytest.raises(IndexError, match=rf"\[2\] is {bad_id}; expected 0 to 10"):
        call(ids)


def test_positions_out_of_range():
    cosine, sine = kernels.rope_tables(5, 4)
    x = np.zeros((1, 2, 1, 4), np.float32)
    with pytest.raises(IndexError, match=r"rope: positions\[1\] is 5; expected 0 to 4"):
        kernels.rope(x, np.array([0, 5], np.int32), cosine, sine)
    with pytest.raises(ValueError, match=r"rope: positions has shape \(3,\); expected \(T=2,\)"):
        kernels.rope(x, np.array([0, 1, 2], np.int32), cosine, sine)


def test_messages_describe_shapes_in_letters():
    x, gamma = np.zeros((2, 3), np.float32), np.zeros(4, np.float32)
    with pytest.raises(ValueError, match=r"layer_norm: gamma has shape \(4,\); expected \(C=3,\)"):
        kernels.layer_norm(x, gamma)


def test_float64_serves_the_reference_alone(backend):
    x, gamma = np.zeros((2, 3)), np.zeros(3)
    hint = r"expected a float.. NumPy array; float64 needs kernels.use\('reference'\) and every float array in float64"
    if backend == "reference":
        assert kernels.layer_norm(x, gamma)[0].dtype == np.float64
        with pytest.raises(TypeError, match=f"layer_norm: gamma is a float32 array; {hint}"):
            kernels.layer_norm(x, gamma.astype(np.float32))
        with pytest.raises(TypeError, match=f"layer_norm: gamma is a float64 array; {hint}"):
            kernels.layer_norm(x.astype(np.float32), gamma)
    else:
        with pytest.raises(TypeError, match=f"layer_norm: x is a float64 array; {hint}"):
            kernels.layer_norm(x, gamma)


@pytest.mark.parametrize("name", ["x", "gamma", "beta"])
def test_every_backend_says_the_same(name):
    """One call, with one thing wrong with it after the other."""
    good = {"x": f(2, 3), "gamma": f(3), "beta": f(3)}
    for wrong in (f(2, 4), f(), [1.0], f(2, 6)[:, ::2], f(3).astype(np.int32), "words"):
        messages = set()
        for backend in BACKENDS:
            with kernels.using(backend), pytest.raises((TypeError, ValueError)) as caught:
                kernels.layer_norm(**{**good, name: wrong})
            messages.add((caught.type, str(caught.value)))
        assert len(messages) == 1
