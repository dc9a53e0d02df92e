"""Arithmetic, reductions and shapes of arrays on the GPU are NumPy's, whatever their strides."""

import numpy as np
import pytest
from gpu import needs_a_compiler, shim  # noqa: F401

from minirl import kernels
from minirl.kernels.device import DeviceArray, device, memory

pytestmark = [needs_a_compiler, pytest.mark.usefixtures("shim"), pytest.mark.slow, pytest.mark.cuda]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4, 5)).astype(np.float32)
ONE = ("negative", "exp", "log", "sqrt", "sin", "cos", "tanh", "absolute", "sign", "copy")
TWO = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "greater", "equal")
VIEWS = [lambda x: x, lambda x: x[:, 1:3], lambda x: x[..., ::2], lambda x: x.swapaxes(0, 2), lambda x: x[:0]]


pytestmark.append(pytest.mark.filterwarnings("ignore:invalid value"))  # NumPy's, at the powers of negative numbers


def same(got, expected):
    assert isinstance(got, DeviceArray) and got.shape == expected.shape
    np.testing.assert_allclose(got.numpy(), expected.astype(np.float32), rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("name", ONE)
def test_functions(name):
    x = np.abs(X) + 0.1 if name in ("log", "sqrt") else X
    for view in VIEWS:
        same(getattr(kernels, name)(view(device(x))), getattr(np, name)(view(x)))


@pytest.mark.parametrize("name", TWO)
def test_operators_broadcast(name):
    a = np.abs(X) + 0.1
    for view in VIEWS:
        same(getattr(kernels, name)(view(device(a)), view(device(X))), getattr(np, name)(view(a), view(X)))
    for b in (X[0], X[:, :1], X[1, 2], X[:, :, :1], np.float32(2), 0.5, a):
        on_gpu = device(b) if np.ndim(b) else b
        same(getattr(kernels, name)(device(a), on_gpu), getattr(np, name)(a, b))
        if np.ndim(b):
            same(getattr(kernels, name)(on_gpu, device(a)), getattr(np, name)(b, a))


def test_a_result_array_may_be_a_slice_or_an_operand():
    x, y = device(X), device(np.zeros((3, 4, 10), np.float32))
    assert kernels.add(x, x, out=x) is x
    same(x, 2 * X)
    kernels.multiply(x, 2, out=y[..., 5:])
    same(y, np.concatenate([0 * X, 4 * X], axis=-1))
    with pytest.raises(ValueError, match=r"add: out has shape \(3, 4, 10\); expected \(3, 4, 5\)"):
        kernels.add(x, x, out=y)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(name, axis, keepdims):
    for view in VIEWS[:4]:
        expected = np.asarray(getattr(np, name)(view(X), axis=axis, keepdims=keepdims))
        same(getattr(kernels, name)(view(device(X)), axis=axis, keepdims=keepdims), expected)


def test_a_reduction_takes_nan_along():
    x = X.copy()
    x[1, 2, 3] = np.nan
    for name in ("sum", "max", "min"):
        assert np.isnan(getattr(kernels, name)(device(x)).numpy())


def test_choices_and_shapes():
    x = device(X)
    same(kernels.where(kernels.greater(x, 0), x, -1.0), np.where(X > 0, X, -1))
    same(kernels.clip(x, -0.5, 0.5), np.clip(X, -0.5, 0.5))
    same(kernels.reshape(kernels.transpose(x, (2, 0, 1)), (5, 12)), X.transpose(2, 0, 1).reshape(5, 12))
    same(kernels.expand_dims(x, 1), X[:, None])
    same(kernels.squeeze(x[:1], 0), X[0])
    same(kernels.broadcast_to(x[:, :1], (3, 4, 5)), np.broadcast_to(X[:, :1], (3, 4, 5)))
    same(kernels.concatenate([x, x[:, 1:]], axis=1), np.concatenate([X, X[:, 1:]], axis=1))
    same(kernels.stack([x, x], axis=-1), np.stack([X, X], axis=-1))
    same(kernels.zeros_like(x), np.zeros_like(X))
    same(kernels.ones_like(x), np.ones_like(X))


def test_nothing_goes_to_the_host_and_what_is_there_stays_there():
    x = device(X)
    memory.transfers.clear()
    kernels.sum(kernels.multiply(kernels.add(x, 1.0), x))
    assert not memory.transfers
    assert isinstance(kernels.add(X, 1), np.ndarray)
    with pytest.raises(TypeError, match="add: a int32 array on the GPU"):
        kernels.add(device(np.zeros(3, np.int32)), x)
    with pytest.raises(NotImplementedError, match="add_at has a CUDA kernel for whole rows alone"):
        kernels.add_at(x, 0, X[0])
