"""Attention on documents that go on from another, whose keys they share: as if each had them to itself."""

import numpy as np
import pytest
from attention_formula import NAMES, Inputs, draw, formula
from hypothesis import given, settings
from hypothesis import strategies as st
from parity import EPS

from minirl import kernels

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")

# Groups of a prompt's length with those of its answers; the prompts come first, so a table is not in order of groups.
GROUPS = [(70, [5, 130, 1]), (0, [9, 3]), (33, []), (1, [64, 0, 65])]


@pytest.fixture(autouse=True)
def native_backend():
    with kernels.using("native"):
        yield


def table(groups) -> tuple[np.ndarray, np.ndarray]:
    """(starts, prefixes): all prompts, then the answers, those of the last prompt first."""
    lengths, prefixes = [prompt for prompt, _ in groups], [-1] * len(groups)
    for number, (_, answers) in reversed(list(enumerate(groups))):
        lengths += answers
        prefixes += [number] * len(answers)
    return np.cumsum([0, *lengths]), np.array(prefixes, np.int64)


def draw_groups(seed, groups, H_kv, group, D, **settings) -> tuple[Inputs, np.ndarray, np.ndarray]:
    starts, prefixes = table(groups)
    return draw(seed, 1, starts[-1], starts[-1], H_kv, group, D, **settings), starts, prefixes


def run(x: Inputs, starts=None, prefixes=None) -> tuple[np.ndarray, ...]:
    """(out, lse, dq, dk, dv) by the kernels."""
    rule = {"scale": x.scale, "causal": x.causal, "starts": starts, "prefixes": prefixes}
    out, lse = kernels.attention(x.q, x.k, x.v, **rule)
    return out, lse, *kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, **rule)


def each_joined(x: Inputs, starts, prefixes):
    """For every document its tokens, those that it sees, and what it is on its own: more keys than queries."""
    tokens = np.split(np.arange(starts[-1]), starts[1:-1])
    for own, prefix in zip(tokens, prefixes, strict=True):
        seen = own if prefix < 0 else np.concatenate([tokens[prefix], own])
        queries, keys = (x.q[:, own], x.dout[:, own]), (x.k[:, seen], x.v[:, seen])
        yield own, seen, Inputs(queries[0], *keys, queries[1], x.scale, x.causal)


some_groups = st.lists(st.tuples(st.integers(0, 80), st.lists(st.integers(0, 90), max_size=3)), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    backend=st.sampled_from(["native", "native", "reference"]),
    groups=some_groups,
    H_kv=st.integers(1, 2),
    group=st.integers(1, 3),
    D=st.one_of(st.integers(1, 40), st.just(64)),
    causal=st.booleans(),
    outliers=st.booleans(),
    packed=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_every_document_follows_the_formula(backend, groups, H_kv, group, D, causal, outliers, packed, seed):
    x, starts, prefixes = draw_groups(seed, groups, H_kv, group, D, causal=causal, outliers=outliers, packed=packed)
    with kernels.using(backend):
        got = run(x, starts, prefixes)
    expected, sizes = ([np.zeros(part.shape) for part in got] for _ in range(2))
    for own, seen, joined in each_joined(x, starts, prefixes):
        for total, (out, lse, dq, dk, dv) in zip((expected, sizes), formula(joined), strict=True):
            total[0][:, own], total[1][:, :, own], total[2][:, own] = out, lse, dq
            total[3][:, seen] += dk
            total[4][:, seen] += dv
    for name, g, e, size in zip(NAMES, got, expected, sizes, strict=True):
        wrong = abs(g - e) > 8 * EPS * size + 1e-37
        assert not wrong.any(), f"{name}: {wrong.sum()} are off, at first {np.argwhere(wrong)[0]}"


@settings(max_examples=30, deadline=None)
@given(some_groups, st.integers(1, 2), st.integers(1, 3), st.integers(1, 70), st.integers(0, 2**32))
def test_a_document_has_the_bits_that_it_has_with_a_prefix_of_its_own(groups, H_kv, group, D, seed):
    x, starts, prefixes = draw_groups(seed, groups, H_kv, group, D)
    out, lse, dq, dk, dv = run(x, starts, prefixes)
    for number, (own, _, joined) in enumerate(each_joined(x, starts, prefixes)):
        alone = run(joined)
        found = [out[:, own], lse[:, :, own], dq[:, own]]
        if number not in prefixes:  # the gradients of shared keys are sums over those that share them
            found += [dk[:, own], dv[:, own]]
            alone = (*alone[:3], *(d[:, len(d[0]) - len(own) :] for d in alone[3:]))
        for one, other in zip(found, alone, strict=False):
            np.testing.assert_array_equal(one, other)


def test_what_another_answer_holds_changes_no_bit():
    """Not even where it is NaN or infinite; only the prompt's gradients know of it."""
    x, starts, prefixes = draw_groups(1, GROUPS, 2, 2, 24)
    clean = run(x, starts, prefixes)
    changed = int(np.flatnonzero(prefixes == 0)[0])
    for value in (np.inf, np.nan, 7.0):
        y, _, _ = draw_groups(1, GROUPS, 2, 2, 24)
        own = np.arange(starts[changed], starts[changed + 1])
        for array in (y.q, y.k, y.v, y.dout):
            array[:, own] = value
        others = np.setdiff1d(np.arange(starts[-1]), own)
        keys = np.setdiff1d(others, np.arange(starts[1]))
        for name, one, other in zip(NAMES, run(y, starts, prefixes), clean, strict=True):
            at = keys if name in ("dk", "dv") else others
            axis = 2 if name == "lse" else 1
            np.testing.assert_array_equal(one.take(at, axis), other.take(at, axis), err_msg=name)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_same_bits_for_any_number_of_threads(dtype):
    x, starts, prefixes = draw_groups(3, [*GROUPS, *[(9, [4, 6])] * 15], 2, 2, 40)
    before, results = kernels.get_threads(), []
    try:
        for threads in (1, 2, 3, 7):
            kernels.set_threads(threads)
            results.append(run(x, starts.astype(dtype), prefixes.astype(dtype)))
    finally:
        kernels.set_threads(before)
    for result in results[1:]:
        for one, other in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(one, other)


STARTS = np.array([0, 2, 3, 5])
BAD_PREFIXES = {
    r"prefixes is a list": [-1, 0, 0],
    r"prefixes is a float64 array": np.array([-1.0, 0, 0]),
    r"prefixes has shape \(4,\); expected \(documents=3,\)": np.array([-1, 0, 0, 0]),
    r"prefixes has shape \(1, 3\)": np.array([[-1, 0, 0]]),
    r"prefixes\[1\] is 1; expected -1 or the number of an earlier document": np.array([-1, 1, 0]),
    r"prefixes\[0\] is 2; expected": np.array([2, -1, -1]),
    r"prefixes\[2\] is -2; expected": np.array([-1, 0, -2], np.int32),
    r"prefixes\[2\] is 1, which itself has the prefix 0": np.array([-1, 0, 1]),
}


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("message", BAD_PREFIXES)
def test_bad_prefixes_are_refused(message, backend):
    x, bad = draw(4, 1, 5, 5, 1, 1, 8), BAD_PREFIXES[message]
    out, lse = kernels.attention(x.q, x.k, x.v)
    with kernels.using(backend):
        with pytest.raises((TypeError, ValueError), match=f"^attention: {message}"):
            kernels.attention(x.q, x.k, x.v, starts=STARTS, prefixes=bad)
        with pytest.raises((TypeError, ValueError), match=f"^attention_backward: {message}"):
            kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, starts=STARTS, prefixes=bad)


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_prefixes_need_starts(backend):
    x = draw(5, 1, 5, 5, 1, 1, 8)
    with kernels.using(backend), pytest.raises(TypeError, match="attention: starts is a NoneType"):
        kernels.attention(x.q, x.k, x.v, prefixes=np.array([-1]))
