"""bfloat16: rounding, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl import kernels

BACKENDS = ["reference", "native"] if kernels.has_native() else ["reference"]


def nearest_bfloat16(x: float) -> float:
    """By search: of the bfloat16 values around x the nearest, and of two as near the one with the even last bit."""
    bits = int(np.float32(x).view(np.uint32)) & 0xFFFF0000
    below, above = (np.uint32(b).view(np.float32) for b in (bits, min(bits + 0x10000, 0xFFFF0000)))
    # the next value up may be 2^128, where bfloat16 ends: what would round to it becomes inf
    above_value = float(above) if np.isfinite(above) else np.copysign(2.0**128, x)
    to_below, to_above = abs(x - float(below)), abs(above_value - x)
    if to_below != to_above:
        return float(below if to_below < to_above else above)
    return float(below if (bits >> 16) % 2 == 0 else above)


@pytest.mark.parametrize("backend", BACKENDS)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=70))
def test_rounding_is_to_nearest_even(backend, values):
    x = np.array(values, np.float32)
    with kernels.using(backend):
        rounded = kernels.round_bfloat16(x)
    np.testing.assert_array_equal(rounded, [np.float32(nearest_bfloat16(float(v))) for v in x])
    assert (rounded.view(np.uint32) & 0xFFFF == 0).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_special_values(backend):
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 3.4e38, 1 + 2**-8, 1 + 3 * 2**-8, 1e-40], np.float32)
    x = np.append(
        x, np.uint32([0x7F800001, 0xFFFFFFFF]).view(np.float32)
    )  # NaNs that rounding bits would turn to inf or 0
    with kernels.using(backend):
        rounded = kernels.round_bfloat16(x)
    np.testing.assert_array_equal(rounded[1:7], np.array([np.inf, -np.inf, 0, np.inf, 1, 1 + 2**-6], np.float32))
    assert np.signbit(rounded[3]) and np.isnan(rounded[[0, 8, 9]]).all()


def test_tf32_is_for_gpus():
    a = np.float32([[1 + 2**-11, 1]])
    with kernels.using("reference"), kernels.using_precision("tf32"):
        assert kernels.matmul(a, np.float32([[1], [0]])) == 1 + 2**-10
    if kernels.has_native():
        refused = pytest.raises(ValueError, match="precision 'tf32' is for GPUs")
        with kernels.using("native"), kernels.using_precision("tf32"), refused:
            kernels.matmul(a, a.T.copy())


@pytest.mark.parametrize("backend", BACKENDS)
def test_bfloat16_mode_rounds_the_inputs_of_matmul_alone(backend):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((9, 65)).astype(np.float32), rng.standard_normal((65, 17)).astype(np.float32)
    with kernels.using(backend):
        exact = kernels.matmul(a, b)
        with kernels.using_precision("bfloat16"):
            rounded = kernels.matmul(a, b)
        assert kernels.precision() == "float32"
        a16, b16 = (kernels.round_bfloat16(x).astype(np.float64) for x in (a, b))
    np.testing.assert_allclose(rounded, a16 @ b16, atol=2e-6 * (np.abs(a16) @ np.abs(b16)).max())
    assert np.abs(rounded - exact).max() > 1e-3  # the mode does something
