"""Attention on documents that lie end to end in one row: each as if it were alone, to the bit."""

from itertools import pairwise

import numpy as np
import pytest
from attention_formula import Inputs, assert_close, draw
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
LENGTHS = [1, 64, 0, 17, 200, 65, 3]


@pytest.fixture(autouse=True)
def native_backend():
    with kernels.using("native"):
        yield


def starts_of(lengths) -> np.ndarray:
    return np.cumsum([0, *lengths])


def draw_documents(seed, lengths, H_kv, group, D, **settings) -> tuple[Inputs, np.ndarray]:
    return draw(seed, 1, sum(lengths), sum(lengths), H_kv, group, D, **settings), starts_of(lengths)


def run(x: Inputs, starts: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """(out, lse, dq, dk, dv) by the kernels."""
    rule = {"scale": x.scale, "causal": x.causal, "starts": starts}
    out, lse = kernels.attention(x.q, x.k, x.v, **rule)
    return out, lse, *kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, **rule)


def each_alone(x: Inputs, results, starts):
    """Every document's own inputs with its part of the results."""
    for start, stop in pairwise(starts):
        at = slice(start, stop)
        alone = Inputs(*(np.ascontiguousarray(a[:, at]) for a in (x.q, x.k, x.v, x.dout)), x.scale, x.causal)
        out, lse, *gradients = results
        yield alone, (out[:, at], lse[:, :, at], *(gradient[:, at] for gradient in gradients))


def assert_same(results, expected) -> None:
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_array_equal(one, other)


some_lengths = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 150)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    backend=st.sampled_from(["native", "native", "reference"]),
    lengths=some_lengths,
    H_kv=st.integers(1, 2),
    group=st.integers(1, 3),
    D=st.one_of(st.integers(1, 40), st.sampled_from([64, 128])),
    causal=st.booleans(),
    outliers=st.booleans(),
    packed=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_every_document_follows_the_formula(backend, lengths, H_kv, group, D, causal, outliers, packed, seed):
    x, starts = draw_documents(seed, lengths, H_kv, group, D, causal=causal, outliers=outliers, packed=packed)
    with kernels.using(backend):
        results = run(x, starts)
    for alone, part in each_alone(x, results, starts):
        assert_close(alone, part)


@settings(max_examples=40, deadline=None)
@given(some_lengths, st.integers(1, 2), st.integers(1, 3), st.integers(1, 70), st.integers(0, 2**32))
def test_a_document_has_the_bits_that_it_has_alone(lengths, H_kv, group, D, seed):
    x, starts = draw_documents(seed, lengths, H_kv, group, D)
    for alone, part in each_alone(x, run(x, starts), starts):
        assert_same(part, run(alone))


def test_what_another_document_holds_changes_no_bit():
    """Not even where it is NaN or infinite, in what goes in or in the gradient that comes back."""
    x, starts = draw_documents(1, LENGTHS, 2, 2, 24)
    clean = list(each_alone(x, run(x, starts), starts))
    for changed, value in ((0, np.inf), (3, np.nan), (4, 7.0)):
        y, _ = draw_documents(1, LENGTHS, 2, 2, 24)
        for array in (y.q, y.k, y.v, y.dout):
            array[:, starts[changed] : starts[changed + 1]] = value
        for i, (_, part) in enumerate(each_alone(y, run(y, starts), starts)):
            if i != changed:
                assert_same(part, clean[i][1])


def test_the_rows_of_a_batch_are_documents_of_equal_length():
    rows = draw(2, 3, 70, 70, 2, 2, 32)
    flat = Inputs(*(a.reshape(1, 210, *a.shape[2:]) for a in (rows.q, rows.k, rows.v, rows.dout)), rows.scale, True)
    out, lse, *gradients = run(flat, starts_of([70] * 3))
    lse = lse.reshape(4, 3, 70).swapaxes(0, 1)
    expected = run(rows)
    found = [part.reshape(like.shape) for part, like in zip((out, lse, *gradients), expected, strict=True)]
    assert_same(found, expected)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_same_bits_for_any_number_of_threads(dtype):
    x, starts = draw_documents(3, [*LENGTHS, *[9] * 30], 2, 2, 40)
    before = kernels.get_threads()
    results = []
    try:
        for threads in (1, 2, 3, 7):
            kernels.set_threads(threads)
            results.append(run(x, starts.astype(dtype)))
    finally:
        kernels.set_threads(before)
    for result in results[1:]:
        assert_same(result, results[0])


BAD_STARTS = {
    r"starts is a list": [0, 5],
    r"starts is a float64 array": np.array([0.0, 5.0]),
    r"starts has shape \(0,\); expected \(documents \+ 1,\)": np.zeros(0, np.int64),
    r"starts has shape \(1, 2\)": np.array([[0, 5]]),
    r"starts go from 1 to 5; expected from 0 to T=5": np.array([1, 5]),
    r"starts go from 0 to 4; expected from 0 to T=5": np.array([0, 4]),
    r"starts go from 0 to 6; expected from 0 to T=5": np.array([0, 3, 6]),
    r"starts\[2\] is 2, after 3; expected offsets that ascend": np.array([0, 3, 2, 5]),
    r"starts\[1\] is -1, after 0": np.array([0, -1, 5], np.int32),
}


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("message", BAD_STARTS)
def test_bad_starts_are_refused(message, backend):
    x = draw(4, 1, 5, 5, 1, 1, 8)
    out, lse = kernels.attention(x.q, x.k, x.v)
    with kernels.using(backend):
        with pytest.raises((TypeError, ValueError), match=f"^attention: {message}"):
            kernels.attention(x.q, x.k, x.v, starts=BAD_STARTS[message])
        with pytest.raises((TypeError, ValueError), match=f"^attention_backward: {message}"):
            kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, starts=BAD_STARTS[message])


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_documents_lie_in_one_row_and_are_queries_and_keys(backend):
    rows, more_keys = draw(5, 2, 5, 5, 1, 1, 8), draw(5, 1, 5, 7, 1, 1, 8)
    with kernels.using(backend):
        with pytest.raises(ValueError, match="attention: got starts and B=2 rows"):
            kernels.attention(rows.q, rows.k, rows.v, starts=np.array([0, 5]))
        with pytest.raises(ValueError, match="attention: starts go from 0 to 5; expected from 0 to T=7"):
            kernels.attention(more_keys.q, more_keys.k, more_keys.v, starts=np.array([0, 5]))


def test_documents_that_were_changed_in_place_are_seen_as_they_are():
    """The kernels keep the last table of documents; what tells it from others is its numbers, not the array."""
    x, starts = draw_documents(0, [5, 4, 7], 1, 2, 8)
    before = run(x, starts)
    starts[1] = 3
    after = run(x, starts)
    assert not np.array_equal(before[0], after[0])
    for alone, results in each_alone(x, after, starts):
        assert_same(results, run(alone))
