"""Rows of no values, infinities, and numbers so large that a formula's powers overflow: defined in both backends."""

import warnings

import numpy as np
import pytest
from calls import BACKENDS

from minirl import kernels


@pytest.fixture(autouse=True, params=BACKENDS)
def backend(request):
    with kernels.using(request.param), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield request.param


def f(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_norms_of_rows_without_values(leading):
    """The mean of nothing is taken as 0, so rstd is 1 / sqrt(eps)."""
    x = f(*leading, 0)
    y, mean, rstd = kernels.layer_norm(x, f(0), f(0), eps=0.25)
    assert y.shape == x.shape and mean.shape == rstd.shape == leading
    assert (mean == 0).all() and (rstd == 2).all()
    dx, dgamma, dbeta = kernels.layer_norm_backward(x, x, f(0), mean, rstd)
    assert dx.shape == x.shape and dgamma.shape == dbeta.shape == (0,)
    y, rstd = kernels.rms_norm(x, f(0), eps=0.25)
    assert y.shape == x.shape and (rstd == 2).all()
    dx, dgamma = kernels.rms_norm_backward(x, x, f(0), rstd)
    assert dx.shape == x.shape and dgamma.shape == (0,)


def test_softmax_and_the_loss_of_rows_without_values():
    for operation in (kernels.softmax, kernels.log_softmax):
        assert operation(f(3, 0)).shape == (3, 0)
    ignored = np.full(3, -100, np.int32)
    log_prob, entropy = kernels.cross_entropy(f(3, 0), ignored, gradient=True)
    assert log_prob.tolist() == entropy.tolist() == [0, 0, 0]
    assert kernels.column_sums(f(3, 0)).shape == (0,) and kernels.column_sums(f(0, 3)).tolist() == [0, 0, 0]


ENDS = np.array([-np.inf, -3e38, -1e25, -1e13, -1e3, -200, 200, 1e3, 1e13, 1e25, 3e38, np.inf, np.nan], np.float32)
VALUES = np.where(ENDS < 0, 0, ENDS)  # what each activation is there, and its slope
SLOPES = np.where(np.isnan(ENDS), np.nan, ENDS > 0).astype(np.float32)


def assert_close(got, expected):
    """To rounding; a tail that still differs from 0 is far smaller than this."""
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-37)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["gelu_tanh", "gelu", "silu", "sigmoid"])
def test_activations_at_the_ends_of_the_line(backend, activation, dtype):
    """Values are x or 0, slopes 1 or 0, without a warning; NaN alone gives NaN."""
    if dtype == np.float64 and backend == "native":
        pytest.skip("C computes in float32")
    x, ones = ENDS.astype(dtype), np.ones_like(ENDS, dtype)
    if activation == "sigmoid":
        assert_close(kernels.sigmoid(x), SLOPES)
    elif activation == "silu":
        assert_close(kernels.silu(x), VALUES)
        assert_close(kernels.silu_backward(ones, x), SLOPES)
    else:
        assert_close(kernels.gelu(x, exact=activation == "gelu"), VALUES)
        assert_close(kernels.gelu_backward(ones, x, exact=activation == "gelu"), SLOPES)


def test_swiglu_at_the_ends_of_the_line():
    ones = np.ones_like(ENDS)
    assert_close(kernels.swiglu(ENDS, ones), VALUES)
    dgate, dup = kernels.swiglu_backward(ones, ENDS, ones)
    assert_close(dgate, SLOPES)
    assert_close(dup, VALUES)


def test_scalars_stay_arrays():
    x = np.asarray(2, np.float32)
    for result in (kernels.gelu(x), kernels.silu(x), kernels.gelu_backward(x, x), kernels.silu_backward(x, x)):
        assert type(result) is np.ndarray and result.shape == ()


def test_softmax_of_infinities():
    """-inf is a token that cannot be; a row with +inf, or with nothing but -inf, has no distribution."""
    x = np.array([[0, -np.inf, 0], [np.inf, 0, 0], [-np.inf] * 3, [3e38, 3e38, -3e38]], np.float32)
    y, log_y = kernels.softmax(x), kernels.log_softmax(x)
    np.testing.assert_array_equal(y[[0, 3]], np.array([[0.5, 0, 0.5], [0.5, 0.5, 0]], np.float32))
    assert log_y[0, 1] == -np.inf
    assert np.isnan(y[[1, 2]]).any(axis=1).all() and np.isnan(log_y[[1, 2]]).any(axis=1).all()
