"""Tensor's operators: values as NumPy's, gradients as central differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minirl import Tensor, check_gradients


def numbers(*shape, low=-2.0, high=2.0, seed=0):
    return np.random.default_rng(seed).uniform(low, high, shape)


OPERATIONS = {
    "add": (lambda a, b: a + b, (3, 4), (4,)),
    "radd": (lambda a: 2 + a, (3,)),
    "subtract": (lambda a, b: a - b, (3, 1), (1, 4)),
    "rsubtract": (lambda a: 2 - a, (3,)),
    "multiply": (lambda a, b: a * b, (2, 3, 1), (3, 4)),
    "multiply by itself": (lambda a: a * a, (3,)),
    "single numbers": (lambda a, b: (a * b + b**3 + (a - b) * (a - b) / 2 + a.tanh() * a).relu() + b * 2, (), ()),
    "divide": (lambda a, b: a / (b + 3), (3, 4), (3, 1)),
    "rdivide": (lambda a: 2 / (a + 3), (3,)),
    "power": (lambda a: a**3, (3, 4)),
    "power of a tensor": (lambda a, b: (a + 3) ** b, (3, 4), (4,)),
    "rpower": (lambda a: 2.0**a, (3,)),
    "negative": (lambda a: -a, (3, 4)),
    "exp": (lambda a: a.exp(), (3, 4)),
    "log": (lambda a: (a + 3).log(), (3, 4)),
    "sqrt": (lambda a: (a + 3).sqrt(), (3, 4)),
    "tanh": (lambda a: a.tanh(), (3, 4)),
    "sigmoid": (lambda a: a.sigmoid(), (3, 4)),
    "relu": (lambda a: a.relu(), (3, 4)),
    "abs": (lambda a: a.abs(), (3, 4)),
    "clip": (lambda a: a.clip(-0.5, 1.0), (3, 4)),
    "sum": (lambda a: a.sum(), (3, 4)),
    "sum over an axis": (lambda a: a.sum(axis=1), (3, 4, 2)),
    "sum over axes, kept": (lambda a: a.sum(axis=(0, -1), keepdims=True), (3, 4, 2)),
    "mean": (lambda a: a.mean(axis=0), (3, 4)),
    "var": (lambda a: a.var(axis=-1), (3, 4)),
    "max": (lambda a: a.max(), (3, 4)),
    "max over an axis": (lambda a: a.max(axis=1), (3, 4)),
    "max over axes": (lambda a: a.max(axis=(0, 2), keepdims=True), (3, 4, 2)),
    "reshape": (lambda a: a.reshape(2, -1) * a.reshape((2, 6)), (3, 4)),
    "transpose": (lambda a: a.transpose(2, 0, 1), (3, 4, 2)),
    "T": (lambda a: a.T @ a, (3, 4)),
    "matmul": (lambda a, b: a @ b, (3, 4), (4, 5)),
    "matmul, batched": (lambda a, b: a @ b, (2, 3, 4), (2, 4, 5)),
    "matmul, shared right": (lambda a, b: a @ b, (2, 3, 4), (4, 5)),
    "matmul, shared left": (lambda a, b: a @ b, (3, 4), (2, 4, 5)),
    "matmul, twice": (lambda a, b: (a @ b) @ b, (3, 4), (4, 4)),
    "matmul, vectors": (lambda a, b: a @ b, (4,), (4,)),
    "matmul, vector left": (lambda a, b: a @ b, (4,), (4, 5)),
    "matmul, vector right": (lambda a, b: a @ b, (2, 3, 4), (4,)),
    "index": (lambda a: a[1], (3, 4)),
    "index one element": (lambda a: a[1, 2], (3, 4)),
    "slice": (lambda a: a[1:, ::2] * a[:2, 1::2], (3, 4)),
    "ellipsis and new axis": (lambda a: a[..., None, 1], (3, 4)),
    "indices that repeat": (lambda a: a[np.array([0, 2, 0, 0])], (3, 4)),
    "pairs of indices": (lambda a: a[np.array([0, 1, 1]), np.array([3, 2, 2])], (3, 4)),
    "mask": (lambda a: a[np.array([True, False, True])], (3, 4)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_gradient(name):
    function, *shapes = OPERATIONS[name]
    check_gradients(function, [numbers(*shape, seed=i) for i, shape in enumerate(shapes)])


# these have no value on an empty axis, or an index beyond it
NEEDS_VALUES = ("max", "index", "indices", "pairs", "mask", "ellipsis", "var", "mean", "reshape")


@pytest.mark.parametrize("name", [name for name in OPERATIONS if not name.startswith(NEEDS_VALUES)])
def test_empty_and_single_arrays_have_gradients_of_their_shape(name):
    function, *shapes = OPERATIONS[name]
    sizes = {3: 1, 4: 0, 2: 2, 5: 1}
    inputs = [Tensor(np.ones([sizes.get(n, n) for n in shape], np.float32), requires_grad=True) for shape in shapes]
    function(*inputs).sum().backward()
    assert all(x.grad.shape == x.shape for x in inputs)


shape_pairs = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)


@settings(max_examples=60, deadline=None)
@given(
    shapes=shape_pairs,
    operation=st.sampled_from(["__add__", "__sub__", "__mul__", "__truediv__"]),
    seed=st.integers(0, 99),
)
def test_broadcasting_is_numpys_and_its_gradient_sums(shapes, operation, seed):
    a, b = (numbers(*shape, low=1, high=2, seed=seed + i) for i, shape in enumerate(shapes.input_shapes))
    y = getattr(Tensor(a), operation)(Tensor(b))
    np.testing.assert_array_equal(y.numpy(), getattr(a, operation)(b))
    check_gradients(lambda x, z: getattr(x, operation)(z), [a, b])


@settings(max_examples=60, deadline=None)
@given(data=st.data(), shape=hnp.array_shapes(max_dims=3, max_side=4))
def test_indexing_is_numpys_and_its_gradient_scatters(data, shape):
    index = data.draw(hnp.basic_indices(shape) | hnp.integer_array_indices(shape))
    x = numbers(*shape)
    np.testing.assert_array_equal(Tensor(x)[index].numpy(), x[index])
    check_gradients(lambda t: t[index], [x])


@settings(max_examples=40, deadline=None)
@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), keepdims=st.booleans())
def test_reductions_are_numpys(data, shape, keepdims):
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape), min_size=1))
    x = numbers(*shape)
    for name in ("sum", "mean", "max", "var"):
        mine = getattr(Tensor(x), name)(axis=axis, keepdims=keepdims).numpy()
        np.testing.assert_allclose(mine, getattr(x, name)(axis=axis, keepdims=keepdims), rtol=1e-12, atol=1e-12)


def test_equal_largest_values_share_the_gradient():
    x = Tensor([1.0, 3.0, 3.0], requires_grad=True)
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0, 0.5, 0.5])


def test_dtypes():
    assert Tensor([1.0]).dtype == np.float32
    assert Tensor([1, 2]).dtype == np.int32
    assert Tensor(np.ones(2)).dtype == np.float64
    x = Tensor([1.0, 2.0])
    for y in (x * 2, 2 * x, x * 2.5, x + np.float64(1), x**2, x / 3, 1 - x, x.mean(), x.var(), x.max(), x.sum()):
        assert y.dtype == np.float32
    assert (np.ones(2, np.float32) * x).dtype == np.float32  # an array on the left asks the Tensor
    assert isinstance(np.ones(2, np.float32) * x, Tensor)


def test_everything_stays_contiguous():
    x = Tensor(numbers(3, 4, 2))
    for y in (x.transpose(), x[:, 1], x[:, ::2], x.transpose(1, 0, 2), Tensor(numbers(3, 4).T), x.sum(axis=1)):
        assert y.data.flags.c_contiguous


def test_comparisons():
    x = Tensor([1.0, 2.0, 3.0])
    np.testing.assert_array_equal((x > 2).numpy(), [False, False, True])
    np.testing.assert_array_equal((x < Tensor([2.0, 2.0, 2.0])).numpy(), [True, False, False])


@pytest.mark.parametrize(
    "function, message",
    [
        (lambda: Tensor(np.ones((2, 3))) + Tensor(np.ones(4)), r"add: shapes \(2, 3\) and \(4,\) do not fit"),
        (lambda: Tensor(np.ones((2, 3))) @ Tensor(np.ones((2, 3))), r"matmul: shapes \(2, 3\) and \(2, 3\); expected"),
        (lambda: Tensor(np.ones((2, 1, 3))) @ Tensor(np.ones((4, 3, 1))), r"matmul: shapes .* leading axes"),
        (lambda: Tensor(1.0) @ Tensor([1.0]), r"matmul: .* a single number"),
        (
            lambda: Tensor(np.ones((2, 3))).reshape(4, 2),
            r"reshape: 6 values of shape \(2, 3\) do not fill shape \(4, 2\)",
        ),
        (lambda: Tensor(np.ones((2, 3))).transpose(0, 0), r"transpose: axes \(0, 0\)"),
        (lambda: Tensor(np.ones((2, 3))).sum(axis=2), r"sum: axis 2 of shape \(2, 3\); expected -2 to 1"),
        (lambda: Tensor([1.0, 2.0]).item(), r"holds 2 numbers; expected one"),
    ],
)
def test_errors_name_the_operation_and_the_shapes(function, message):
    with pytest.raises(ValueError, match=message):
        function()


def test_printing():
    assert repr(Tensor([1.0, 2.0], requires_grad=True)) == "Tensor([1., 2.], requires_grad=True)"
    assert len(Tensor([1.0, 2.0])) == 2
    assert bool(Tensor([1.0]) > 0)
