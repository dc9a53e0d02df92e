"""One rule of dtypes: what stands beside a float tensor follows it, and a gradient has the dtype of its leaf."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl import Tensor, kernels
from minirl import functional as F
from minirl.optim import AdamW

BACKENDS = ["reference", *(["native"] if kernels.has_native() else [])]
OTHERS = [
    np.array([[1, 1, 0], [1, 0, 0]]),
    np.array([1, 2, 3], np.uint8),
    np.array([True, False, True]),
    np.array([0.5, 1.5, 2.5]),
    [1, 2, 3],
    [[0.5], [1.5]],
    np.float64(2.5),
    np.int64(3),
    2,
    True,
]
BINARY = {
    "add": lambda a, b: a + b,
    "radd": lambda a, b: b + a,
    "subtract": lambda a, b: b - a,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: b / a,
    "power": lambda a, b: a**b,
    "maximum": lambda a, b: F.maximum(a, b),
    "minimum": lambda a, b: F.minimum(b, a),
    "where": lambda a, b: F.where(a > 1.5, a, b),
    "remainder": lambda a, b: b % a,
}


@pytest.fixture(params=BACKENDS)
def backend(request):
    with kernels.using(request.param):
        yield request.param


def leaf():
    return Tensor([[1.0, 2.0, 3.0], [1.5, 2.5, 0.5]], requires_grad=True)


def test_what_is_given_decides_the_dtype():
    assert Tensor([1.0]).dtype == Tensor(1.0).dtype == Tensor(np.float64(1)).dtype == Tensor([]).dtype == np.float32
    assert Tensor([1, 2]).dtype == Tensor(3).dtype == np.int32
    assert Tensor(np.ones(2)).dtype == np.float64
    assert Tensor(np.ones(2, np.float16)).dtype == np.float16
    assert Tensor(np.ones(2, ">f4")).dtype.isnative


def test_large_integers_are_kept():
    for values in ([2**40, 5], [-(2**31) - 1], 2**31):
        x = Tensor(values)
        assert x.dtype == np.int64
        np.testing.assert_array_equal(x.data, values)
    assert (Tensor([1, 2]) + 2**40).tolist() == [2**40 + 1, 2**40 + 2]
    assert Tensor([2**31 - 1, -(2**31)]).dtype == np.int32
    with pytest.raises(TypeError, match="cannot hold object data"):
        Tensor(2**70)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", OTHERS, ids=lambda x: f"{type(x).__name__}-{getattr(x, 'dtype', '')}")
def test_whatever_stands_beside_a_tensor_follows_it(backend, name, other):
    x = leaf()
    y = BINARY[name](F.log_softmax(x) + 3, other)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32
    with kernels.using("reference"):
        wide = BINARY[name](Tensor(F.log_softmax(x).data.astype(np.float64)) + 3, other)
    np.testing.assert_allclose(y.data, wide.data, rtol=1e-4, atol=1e-6)
    AdamW([x]).step(max_norm=1.0)


def test_an_array_beside_a_float64_tensor_is_float64():
    x = Tensor(np.ones(3), requires_grad=True)
    y = x * np.ones(3, np.float32) + 1
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float64


def test_integer_and_truth_tensors_beside_float_ones(backend):
    for other in (Tensor([1, 2, 3]), Tensor(np.arange(3)), Tensor([True, False, True])):
        x = leaf()
        (x * other + other / x).sum().backward()
        assert (x * other).dtype == (other - x).dtype == x.grad.dtype == np.float32


def test_a_wider_tensor_widens_the_graph_and_not_the_gradient():
    x, wide = leaf(), Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    y = (x * wide).exp()
    y.sum().backward()
    assert (y.dtype, x.grad.dtype, wide.grad.dtype) == (np.float64, np.float32, np.float64)
    w = Tensor(np.ones((3, 2), np.float32), requires_grad=True)
    with kernels.using("reference"):
        for _ in range(2):  # the second gradient is added in place
            (Tensor(np.ones((4, 3)), requires_grad=True) @ w).sum().backward()
    assert w.grad.dtype == np.float32
    np.testing.assert_array_equal(w.grad, np.full((3, 2), 8))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * 0.5,
        lambda x: x / 2,
        lambda x: 1 / x,
        lambda x: x**0.5,
        lambda x: x + np.array([0.5, 1, 2]),
        lambda x: x.mean(),
        lambda x: x.var(),
        lambda x: x.std(axis=0),
        lambda x: x.logsumexp(),
        lambda x: x.exp(),
        lambda x: x.log(),
        lambda x: x.sigmoid(),
        lambda x: x.tanh(),
        lambda x: x.sqrt(),
        lambda x: x.sin(),
        lambda x: x.reciprocal(),
        lambda x: x.softmax(),
        lambda x: x.clip(0.5, 1.5),
        lambda x: x.pad(1, value=0.5),
        lambda x: F.softmax(x),
        lambda x: F.log_softmax(x),
        lambda x: F.gelu(x),
        lambda x: F.silu(x),
        lambda x: F.entropy(x),
        lambda x: F.log_prob(x, 0),
        lambda x: F.cross_entropy(x, 1),
        lambda x: F.dropout(x, 0.5, np.random.default_rng(0)),
        lambda x: F.layer_norm(x, Tensor.ones(3)),
        lambda x: F.rms_norm(x, Tensor.ones(3)),
        lambda x: F.linear(x, Tensor.ones(2, 3)),
        lambda x: F.linear_cross_entropy(x, Tensor.eye(4, 3), 1).loss,
        lambda x: F.linear_log_prob(x, Tensor.eye(4, 3), 1)[0],
        lambda x: F.swiglu(x[:2]),
        lambda x: F.where(x > 1, x, 0.5),
        lambda x: F.concatenate([x, [0.5]]),
        lambda x: F.maximum(x, 1.5),
    ],
)
def test_functions_of_reals_make_floats_of_integers(backend, function):
    as_integers, as_floats = function(Tensor([1, 2, 3])), function(Tensor([1.0, 2.0, 3.0]))
    assert as_integers.dtype == np.float32
    np.testing.assert_array_equal(as_integers.data, as_floats.data)


def test_integers_among_themselves_stay_integers():
    x = Tensor([1, 2, 3])
    for y in (x + 1, 2 * x, x - x, -x, x**2, x // 2, x % 2, x.sum(), x.max(), x.prod(), x.cumsum(), abs(x), x @ x):
        assert y.dtype.kind == "i"
    assert (Tensor([True, False]) + 1).tolist() == [2, 1]
    assert (Tensor([[1, 2]]) @ Tensor([[3], [4]])).tolist() == [[11]]
    assert Tensor([True, True]).mean().item() == 1


def test_casts():
    x = leaf()
    (x.astype(np.float64) * 2).float().sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2))
    whole = x.astype(int)
    assert not whole.requires_grad and whole.tolist() == [[1, 2, 3], [1, 2, 0]]
    assert Tensor([1, 2]).float().dtype == np.float32
    with pytest.raises(TypeError, match="cannot hold"):
        x.astype(str)


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
def test_float64_on_the_native_backend_says_what_to_do():
    x = Tensor(np.ones((3, 3)))
    with kernels.using("native"), pytest.raises(TypeError, match=r"\.astype\(np\.float32\)"):
        x @ x


def test_joining_follows_the_rule_too():
    x = leaf()
    for y in (
        F.concatenate([x, np.ones((1, 3))]),
        F.stack([np.ones((2, 3), int), x]),
        F.concatenate([Tensor([[1, 2, 3]]), x]),
    ):
        assert y.dtype == np.float32
    wide = F.concatenate([x, Tensor(np.ones((1, 3)))])
    wide.sum().backward()
    assert (wide.dtype, x.grad.dtype) == (np.float64, np.float32)
    assert F.stack([[1, 2], [3, 4]]).dtype == np.int32


def test_a_gradient_given_to_backward_follows_too():
    x = leaf()
    (x * 2).backward(np.arange(6).reshape(3, 2).T)  # integers, and not contiguous
    assert x.grad.dtype == np.float32 and x.grad.flags.c_contiguous
    np.testing.assert_array_equal(x.grad, [[0, 4, 8], [2, 6, 10]])


def test_a_wide_gradient_set_by_hand_narrows_when_one_is_added():
    x = leaf()
    x.grad = np.ones((2, 3))
    (x * 2).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 3))


@given(
    st.sampled_from(["float16", "float32", "float64", "int32", "int64", "uint8", "bool"]),
    st.sampled_from(["float16", "float32", "float64"]),
    st.sampled_from(["__add__", "__mul__", "__truediv__", "maximum"]),
)
def test_the_result_of_an_array_beside_a_float_tensor_has_the_tensors_dtype(array, tensor, operation):
    x = Tensor(np.ones(3, tensor), requires_grad=True)
    y = getattr(x, operation)(np.ones(3, array))
    y.sum().backward()
    assert y.dtype == x.grad.dtype == tensor
