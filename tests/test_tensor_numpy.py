"""Values against NumPy's, on shapes and axes that hypothesis chooses, and what NumPy itself makes of a Tensor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minirl import Tensor, kernels, no_grad
from minirl.tensor import elementwise

shapes = hnp.array_shapes(min_dims=0, max_dims=3, max_side=4)
arrays = hnp.arrays(np.float64, shapes, elements=st.floats(-4, 4, width=16))  # many of them equal, and zeros

shape_pairs = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)

FUNCTIONS = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log1p(np.exp(x))}
FUNCTIONS |= {"relu": lambda x: np.maximum(x, 0), "abs": np.absolute}
POSITIVE = {"log", "sqrt", "log1p", "reciprocal"}


@pytest.mark.parametrize("name", sorted(set(elementwise.FUNCTIONS) - {"negative"}))
@settings(max_examples=15)
@given(x=arrays)
def test_functions_of_each_element(name, x):
    x = np.asarray(np.abs(x) + 0.5) if name in POSITIVE else x
    with kernels.using("reference"):
        mine = getattr(Tensor(x), name)().data
    np.testing.assert_allclose(mine, FUNCTIONS.get(name, getattr(np, name, None))(x), rtol=1e-12, atol=1e-15)


OPERATORS = ["+", "-", "*", "<", "<=", ">", ">=", "==", "!="]


@settings(max_examples=60)
@given(pair=shape_pairs, sign=st.sampled_from(OPERATORS), data=st.data())
def test_operators(pair, sign, data):
    a, b = (data.draw(hnp.arrays(np.float64, s, elements=st.integers(-2, 2).map(float))) for s in pair.input_shapes)
    mine = eval(f"a {sign} b", {"a": Tensor(a), "b": Tensor(b)})
    beside = eval(f"a {sign} b", {"a": a, "b": Tensor(b)})
    expected = eval(f"a {sign} b", {"a": a, "b": b})
    for y in (mine, beside):
        assert isinstance(y, Tensor) and y.dtype == expected.dtype
        np.testing.assert_array_equal(y.data, expected)


@settings(max_examples=40)
@given(pair=shape_pairs, sign=st.sampled_from("&|^"), data=st.data())
def test_masks_combine(pair, sign, data):
    a, b = (data.draw(hnp.arrays(bool, s)) for s in pair.input_shapes)
    np.testing.assert_array_equal(eval(f"a {sign} b", {"a": Tensor(a), "b": Tensor(b)}).data, eval(f"a {sign} b"))
    np.testing.assert_array_equal(eval(f"a {sign} b", {"a": a, "b": Tensor(b)}).data, eval(f"a {sign} b"))
    np.testing.assert_array_equal((~Tensor(a)).data, ~a)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "var", "std", "any", "all"])
@settings(max_examples=20)
@given(x=arrays, data=st.data(), keepdims=st.booleans())
def test_reductions(name, x, data, keepdims):
    axis = data.draw(st.none() | hnp.valid_tuple_axes(x.ndim, min_size=1)) if x.ndim else None
    mine = getattr(Tensor(x), name)(axis=axis, keepdims=keepdims)
    expected = getattr(x, name)(axis=axis, keepdims=keepdims)
    assert mine.shape == np.shape(expected) and mine.dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(mine.data, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@settings(max_examples=20)
@given(x=arrays, data=st.data(), keepdims=st.booleans())
def test_where_the_largest_is(name, x, data, keepdims):
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1)) if x.ndim else None
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(getattr(Tensor(x), name)(axis=axis, keepdims=keepdims).data, expected)


@settings(max_examples=40)
@given(x=arrays.filter(lambda x: x.ndim), data=st.data(), descending=st.booleans())
def test_order(x, data, descending):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    t = Tensor(x)
    expected = -np.sort(-x, axis) if descending else np.sort(x, axis)
    np.testing.assert_array_equal(t.sort(axis, descending).data, expected)
    indices = np.argsort(-x if descending else x, axis, kind="stable")
    np.testing.assert_array_equal(t.argsort(axis, descending).data, indices)
    np.testing.assert_array_equal(t.take_along_axis(indices, axis).data, expected)
    np.testing.assert_array_equal(t.cumsum(axis).data, np.cumsum(x, axis))
    k = data.draw(st.integers(0, x.shape[axis]))
    values, found = t.topk(k, axis)
    np.testing.assert_array_equal(values.data, np.take(-np.sort(-x, axis), range(k), axis))
    np.testing.assert_array_equal(t.take_along_axis(found, axis).data, values.data)


@settings(max_examples=40)
@given(x=arrays.filter(lambda x: x.ndim), data=st.data())
def test_shapes(x, data):
    axis, other = (data.draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
    shift, t = data.draw(st.integers(-5, 5)), Tensor(x)
    for mine, expected in [
        (t.flip(axis), np.flip(x, axis)),
        (t.flip(), np.flip(x)),
        (t.roll(shift, axis), np.roll(x, shift, axis)),
        (t.roll(shift), np.roll(x, shift)),
        (t.swapaxes(axis, other), np.swapaxes(x, axis, other)),
        (t.unsqueeze(axis), np.expand_dims(x, axis)),
        (t.squeeze(), np.squeeze(x)),
        (t.repeat(3, axis), np.repeat(x, 3, axis)),
        (t.repeat(2), np.repeat(x, 2)),
        (t.flatten(), x.reshape(-1)),
        (t.pad((1, 2), 5), np.pad(x, (1, 2), constant_values=5)),
        (t.expand(2, *x.shape), np.broadcast_to(x, (2, *x.shape))),
        (t.clip(-1, 2), np.clip(x, -1, 2)),
        (t.round(1), np.round(x, 1)),
    ]:
        np.testing.assert_array_equal(mine.data, expected)
        assert mine.data.flags.c_contiguous
    if x.ndim > 1:
        np.testing.assert_array_equal(t.tril(shift).data, np.tril(x, shift))
        np.testing.assert_array_equal(t.triu(shift).data, np.triu(x, shift))
    cuts = sorted(data.draw(st.lists(st.integers(0, x.shape[axis]), max_size=3)))
    for mine, expected in zip(t.split(cuts, axis), np.split(x, cuts, axis), strict=True):
        np.testing.assert_array_equal(mine.data, expected)


@settings(max_examples=40)
@given(
    lead=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3),
    sizes=st.tuples(*[st.integers(1, 3)] * 3),
)
def test_products_broadcast(lead, sizes):
    m, k, n = sizes
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((*s, *t)) for s, t in zip(lead.input_shapes, ((m, k), (k, n)), strict=True))
    with kernels.using("reference"):
        np.testing.assert_allclose((Tensor(a) @ Tensor(b)).data, a @ b, rtol=1e-12, atol=1e-12)
    small = (Tensor(a.astype(np.float32)) @ Tensor(b.astype(np.float32))).data
    np.testing.assert_allclose(small, a @ b, rtol=1e-4, atol=1e-4)


def test_makers():
    np.testing.assert_array_equal(Tensor.zeros(2, 3).data, np.zeros((2, 3), np.float32))
    np.testing.assert_array_equal(Tensor.ones((2, 3), dtype=int).data, np.ones((2, 3), int))
    np.testing.assert_array_equal(Tensor.eye(2, 3).data, np.eye(2, 3))
    assert Tensor.arange(3).dtype == np.int32 and Tensor.arange(1, 2, 0.5).tolist() == [1, 1.5]
    x = Tensor.randn(2, 3, rng=7, requires_grad=True)
    assert x.requires_grad and x.dtype == np.float32
    np.testing.assert_array_equal(x.data, Tensor.randn((2, 3), rng=np.random.default_rng(7)).data)
    with pytest.raises(TypeError, match="rng"):
        Tensor.randn(2)


# ---- what NumPy makes of a Tensor ----


def test_numpy_reads_a_tensor_as_its_array():
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    assert np.asarray(x) is x.data
    copied = np.array(x, copy=True)
    assert copied.dtype == np.float32 and not np.shares_memory(copied, x.data)
    assert np.asarray(x, np.float64).dtype == np.float64
    assert x.__array__(copy=False) is x.data
    with pytest.raises(ValueError, match="copy=False"):
        x.__array__(np.float64, copy=False)
    assert np.arange(5)[Tensor([1, 3])].tolist() == [1, 3]
    assert np.allclose(x, [[1, 2]]) and np.shape(x) == (1, 2)
    assert Tensor([Tensor(1.0), Tensor(2.0)]).tolist() == [1, 2]


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "max", "min", "prod", "cumsum"])
def test_numpys_functions_call_the_method_and_keep_the_gradient(name):
    x = Tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    y = getattr(np, name)(x, axis=0)
    assert isinstance(y, Tensor) and y.requires_grad
    np.testing.assert_allclose(y.data, getattr(np, name)(x.data, axis=0), rtol=1e-6)
    with pytest.raises(TypeError, match="out"):
        getattr(x, name)(out=np.zeros(2))


def test_an_array_on_the_left_asks_the_tensor():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for y in (np.ones(2) * x, np.float64(2) * x, np.ones((2, 2)) @ x, np.ones(2) - x, np.ones(2) ** x):
        assert isinstance(y, Tensor) and y.requires_grad and y.dtype == np.float32
    assert isinstance(np.ones(2) == x, Tensor) and isinstance(np.ones(2) < x, Tensor)


def test_assignment_is_for_no_grad():
    x = Tensor.zeros(2, 3)
    with pytest.raises(RuntimeError, match=r"no_grad.*functional\.where"):
        x[0] = 1
    with no_grad():
        x[0, Tensor([0, 2])] = Tensor([1.0, 2.0])
        x[x == 0] = -1
    assert x.tolist() == [[1, -1, 2], [-1, -1, -1]]
