"""Every row, element and token kernel in C against its NumPy specification."""

import numpy as np
import pytest
from cases import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from parity import assert_close, exact, native

from minirl import kernels

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
@settings(max_examples=40, deadline=None)
@given(rows=st.integers(0, 20), cols=st.integers(1, 150), outliers=st.booleans(), seed=st.integers(0, 2**32))
def test_native_equals_reference(case, rows, cols, outliers, seed):
    arguments = case.draw(np.random.default_rng(seed), rows, cols, outliers)
    assert_close(case, arguments, native(case, arguments), rows, cols)


@each_case
def test_native_equals_reference_on_many_rows(case):
    arguments = case.draw(np.random.default_rng(1), 700, 333, True)
    assert_close(case, arguments, native(case, arguments), 700, 333)


@each_case
@pytest.mark.parametrize("damage", ["zeros", "last row", "last column", "one value"])
def test_the_check_notices_damage(case, damage):
    """A kernel that returns zeros, or is wrong at its end, must not pass."""
    rows, cols = 37, 41
    arguments = case.draw(np.random.default_rng(2), rows, cols, False)
    for index in range(len(native(case, arguments))):
        outputs = [out.astype(np.float64) for out in native(case, arguments)]
        damaged = np.array(outputs[index])
        if damage == "zeros":
            damaged = np.zeros_like(damaged)
        elif damaged.ndim == 0:
            damaged *= 1.001
        elif damage == "last row":
            damaged[-1] = damaged[-1] * 1.02 + 0.01
        elif damage == "last column":
            damaged[..., -1] = damaged[..., -1] * 1.02 + 0.01
        else:
            damaged.reshape(-1)[damaged.size // 2] += 1e-2
        outputs[index] = damaged
        with pytest.raises(AssertionError, match=case.name):
            assert_close(case, arguments, tuple(outputs), rows, cols)


@each_case
def test_same_bits_for_any_number_of_threads(case):
    arguments = case.draw(np.random.default_rng(3), 1001, 203, True)
    before = kernels.get_threads()
    try:
        results = []
        for threads in (1, 2, 3, 7):
            kernels.set_threads(threads)
            results.append(native(case, arguments))
    finally:
        kernels.set_threads(before)
    for result in results[1:]:
        for one, other in zip(results[0], result, strict=True):
            np.testing.assert_array_equal(one, other)


@each_case
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("column", [0, 17, 36])
def test_nan_and_infinity_go_where_numpy_sends_them(case, value, column):
    arguments = case.draw(np.random.default_rng(4), 5, 37, False)
    first = next(a for a in arguments if isinstance(a, np.ndarray) and a.dtype == np.float32)
    first.reshape(-1, first.shape[-1])[2, column % first.shape[-1]] = value
    got, expected = native(case, arguments), exact(case, arguments)
    for index, (g, e) in enumerate(zip(got, expected, strict=True)):
        for kind in (np.isnan, np.isposinf, np.isneginf):
            np.testing.assert_array_equal(kind(g), kind(e), err_msg=f"{case.name}, output {index}, {kind.__name__}")


@each_case
def test_empty_inputs(case):
    arguments = case.draw(np.random.default_rng(5), 0, 7, False)
    assert_close(case, arguments, native(case, arguments), 0, 7)
