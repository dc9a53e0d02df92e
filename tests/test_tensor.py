"""Tensor's operators: values as NumPy's, gradients as central differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minirl import Tensor, check_gradients, kernels
from minirl.tensor import elementwise


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
    "power 0": (lambda a: a**0 + a**1, (3,)),
    "floor divide": (lambda a, b: (a * 5) // (b + 3) + a, (3,), (3,)),
    "remainder": (lambda a, b: (a * 5) % (b + 3), (3,), (3,)),
    "maximum": (lambda a, b: a.maximum(b), (3, 4), (4,)),
    "minimum": (lambda a, b: a.minimum(b), (3, 4), (4,)),
    "clip below": (lambda a: a.clip(low=-0.5), (3, 4)),
    "clip above": (lambda a: a.clip(high=0.5), (3, 4)),
    "round": (lambda a: a.round(1) * a, (3, 4)),
    "absolute, built in": (lambda a: abs(a), (3, 4)),
    "astype": (lambda a: a.astype(np.float64) * a, (3, 4)),
    "single number, broadcast": (lambda a, s: a * s + s, (3, 4), ()),
    "less its largest": (lambda a: (a - a.max()).exp().sum().log() + a.max(), (3, 4)),
    "var, unbiased": (lambda a: a.var(axis=0, ddof=1), (3, 4)),
    "var of all": (lambda a: a.var(keepdims=True), (3, 4)),
    "std": (lambda a: a.std(), (3, 4)),
    "std over an axis": (lambda a: a.std(axis=1, ddof=1, keepdims=True), (3, 4)),
    "min": (lambda a: a.min(), (3, 4)),
    "min over axes": (lambda a: a.min(axis=(0, 2)), (3, 4, 2)),
    "prod": (lambda a: a.prod(), (2, 3)),
    "prod over an axis": (lambda a: a.prod(axis=1), (3, 4)),
    "prod with a zero": (lambda a: (a * np.array([1.0, 0.0, 1.0])).prod(axis=-1), (2, 3)),
    "prod with two zeros": (lambda a: (a * np.array([0.0, 0.0, 1.0])).prod(axis=-1), (2, 3)),
    "logsumexp": (lambda a: a.logsumexp(), (3, 4)),
    "logsumexp over an axis": (lambda a: a.logsumexp(axis=0, keepdims=True), (3, 4)),
    "softmax": (lambda a: a.softmax(0), (3, 4)),
    "log_softmax": (lambda a: a.log_softmax(1), (3, 4, 2)),
    "cumsum": (lambda a: a.cumsum(axis=1), (3, 4)),
    "cumsum of all": (lambda a: a.cumsum(), (3, 4)),
    "sort": (lambda a: a.sort(axis=0), (3, 4)),
    "sort, descending": (lambda a: a.sort(descending=True), (3, 4)),
    "topk": (lambda a: a.topk(2, axis=0)[0], (3, 4)),
    "take_along_axis": (lambda a: a.take_along_axis([[0, 0, 3], [1, 1, 2], [3, 3, 3]]), (3, 4)),
    "view": (lambda a: a.view(4, 3), (3, 4)),
    "flatten": (lambda a: a.flatten(1), (3, 4, 2)),
    "squeeze": (lambda a: a.squeeze(), (1, 3, 1)),
    "squeeze an axis": (lambda a: a.squeeze(-1), (1, 3, 1)),
    "unsqueeze": (lambda a: a.unsqueeze(1), (3, 4)),
    "expand": (lambda a: a.expand(2, -1, 4), (3, 1)),
    "swapaxes": (lambda a: a.swapaxes(0, -1), (3, 4, 2)),
    "flip": (lambda a: a.flip(1), (3, 4)),
    "flip all": (lambda a: a.flip(), (3, 4)),
    "roll": (lambda a: a.roll(2, 1), (3, 4)),
    "roll all": (lambda a: a.roll(-5), (3, 4)),
    "roll two axes": (lambda a: a.roll((1, 2), (0, 1)), (3, 4)),
    "repeat": (lambda a: a.repeat(2), (3, 4)),
    "repeat along an axis": (lambda a: a.repeat([0, 2, 1], axis=0), (3, 4)),
    "pad": (lambda a: a.pad(1), (3, 4)),
    "pad each axis": (lambda a: a.pad([(1, 0), (0, 2)], value=3.0), (3, 4)),
    "tril": (lambda a: a.tril(), (3, 4)),
    "triu": (lambda a: a.triu(-1), (2, 3, 4)),
    "split": (lambda a: a.split(2, axis=1)[1] * a.split([1, 3], axis=1)[1], (3, 4)),
    "iteration": (lambda a: sum((row * row for row in a), start=0), (3, 4)),
    "matmul, broadcast": (lambda a, b: a @ b, (2, 1, 3, 4), (5, 4, 2)),
    "matmul, broadcast left": (lambda a, b: a @ b, (1, 3, 4), (2, 4, 2)),
}

# where each function of the table is defined and smooth
DOMAINS = {"log": (0.5, 3), "log1p": (-0.5, 3), "sqrt": (0.5, 3), "reciprocal": (0.5, 3), "floor": (0.1, 0.9)}
DOMAINS |= {
    "ceil": (0.1, 0.9),
    "sign": (0.1, 3),
    "power": (0.5, 2),
    "remainder": (1.1, 1.9),
    "floor_divide": (1.1, 1.9),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_gradient(name):
    function, *shapes = OPERATIONS[name]
    check_gradients(function, [numbers(*shape, seed=i) for i, shape in enumerate(shapes)])


@pytest.mark.parametrize("name", elementwise.FUNCTIONS)
def test_every_function_of_the_table_has_its_gradient(name):
    check_gradients(lambda a: getattr(a, METHODS.get(name, name))(), [numbers(3, 4, **_domain(name))])


@pytest.mark.parametrize("name", elementwise.OPERATORS)
def test_every_operator_of_the_table_has_both_gradients(name):
    method = METHODS.get(name, name)
    a, b = (numbers(*shape, seed=seed, **_domain(name, (0.5, 2))) for seed, shape in enumerate([(3, 4), (4,)]))
    check_gradients(lambda x, y: getattr(x, method)(y), [a, b + 1 if name in ("remainder", "floor_divide") else b])


METHODS = {"negative": "__neg__", "add": "__add__", "subtract": "__sub__", "multiply": "__mul__"}
METHODS |= {"divide": "__truediv__", "power": "__pow__", "floor_divide": "__floordiv__", "remainder": "__mod__"}


def _domain(name, usual=(-2, 2)):
    return dict(zip(("low", "high"), DOMAINS.get(name, usual), strict=True))


@pytest.mark.parametrize("backend", ["reference", *(["native"] if kernels.has_native() else [])])
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "astype"])
def test_everything_is_float32_contiguous_and_an_array(name, backend):
    """Values and gradients of float32 operands on both backends, where other dtypes stand beside them."""
    function, *shapes = OPERATIONS[name]
    with kernels.using(backend):
        inputs = [
            Tensor(numbers(*shape, seed=i).astype(np.float32), requires_grad=True) for i, shape in enumerate(shapes)
        ]
        y = function(*inputs)
        y.backward(np.ones(y.shape))
    for array in (y.data, *(x.grad for x in inputs)):
        assert type(array) is np.ndarray and array.dtype == np.float32 and array.flags.c_contiguous
    assert [x.grad.shape for x in inputs] == shapes


# these have no value on an empty axis, or an index beyond it
NEEDS_VALUES = ("max", "index", "indices", "pairs", "mask", "ellipsis", "var", "mean", "reshape", "min over", "min")
NEEDS_VALUES += ("less", "prod with", "std", "logsumexp", "topk", "take", "view", "squeeze", "repeat along", "split")


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


def test_everything_stays_contiguous():
    x = Tensor(numbers(3, 4, 2))
    for y in (x.transpose(), x[:, 1], x[:, ::2], x.transpose(1, 0, 2), Tensor(numbers(3, 4).T), x.sum(axis=1)):
        assert y.data.flags.c_contiguous


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
