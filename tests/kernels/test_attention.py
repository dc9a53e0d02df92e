"""Attention in C, forward and backward, against the formula in float64."""

import numpy as np
import pytest
from attention_formula import NAMES, Inputs, assert_close, assert_decodes, draw, formula, run
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")


@pytest.fixture(autouse=True)
def native_backend():
    with kernels.using("native"):
        yield


# ---- against the formula ----


@settings(max_examples=80, deadline=None)
@given(
    B=st.integers(1, 2),
    T=st.integers(0, 140),
    S=st.integers(0, 140),
    H_kv=st.integers(1, 2),
    group=st.integers(1, 3),
    D=st.one_of(st.integers(1, 70), st.sampled_from([80, 96, 128, 256])),
    causal=st.booleans(),
    outliers=st.booleans(),
    packed=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_equals_the_formula(B, T, S, H_kv, group, D, causal, outliers, packed, seed):
    x = draw(seed, B, T, T if packed else S, H_kv, group, D, causal=causal, outliers=outliers, packed=packed)
    assert_close(x, run(x))


@pytest.mark.parametrize(
    ("T", "S", "D", "causal"),
    [(64, 64, 32, True), (65, 65, 64, True), (257, 257, 64, True), (300, 129, 64, True), (129, 300, 128, True),
     (200, 200, 256, False), (1, 500, 64, True), (500, 1, 64, True), (0, 5, 8, True), (5, 0, 8, False),
     (1, 1, 1, True)],
)  # fmt: skip
def test_equals_the_formula_over_several_blocks(T, S, D, causal):
    x = draw(5, 1, T, S, 1, 2, D, causal=causal, outliers=True)
    assert_close(x, run(x))


@pytest.mark.parametrize("size", [1e-3, 5.0, 20.0])
def test_large_and_tiny_scores(size):
    """At size 20 scores reach thousands: each query has one key left, and exp must neither overflow nor lose it."""
    x = draw(6, 1, 150, 150, 1, 1, 64, size=size)
    assert_close(x, run(x))


def test_rising_scores_move_the_maximum_in_every_block():
    """Each key's score is higher than all before, so every block rescales what the ones before have left."""
    x = draw(7, 1, 400, 400, 1, 1, 16)
    x.q[:] = 1
    x.k[:] = np.linspace(0, 30, 400, dtype=np.float32)[None, :, None, None]
    assert_close(x, run(x))


def test_a_given_scale_and_result_arrays():
    x = draw(8, 2, 70, 70, 2, 2, 24, scale=0.3)
    expected = run(x)
    packed = np.zeros((2, 70, 8, 24), np.float32)  # gradients side by side, as the packed projection wants them
    dq, dk, dv = packed[:, :, :4], packed[:, :, 4:6], packed[:, :, 6:]
    wide = np.full((2, 70, 9, 24), 7, np.float32)
    out, lse = kernels.attention(x.q, x.k, x.v, scale=0.3, out=wide[:, :, 2:6])
    kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, scale=0.3, dq=dq, dk=dk, dv=dv)
    for one, other in zip((out, lse, dq, dk, dv), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (wide[:, :, :2] == 7).all()
    assert (wide[:, :, 6:] == 7).all()


def test_queries_that_see_no_key_give_zero():
    x = draw(9, 1, 100, 30, 1, 1, 16)
    out, lse, dq, dk, dv = run(x)
    assert (out[:, :70] == 0).all()
    assert (lse[:, :, :70] == -np.inf).all()
    assert (dq[:, :70] == 0).all()
    assert np.isfinite(out).all()
    assert np.isfinite(dk).all()
    assert np.isfinite(dv).all()
    assert_close(x, (out, lse, dq, dk, dv))


def test_the_reference_backend_follows_the_formula():
    x = draw(10, 2, 33, 47, 2, 2, 20, outliers=True)
    with kernels.using("reference"):
        assert_close(x, run(x))


def test_the_formula_gives_the_gradient_of_itself():
    """Its dq, dk, dv against central differences of sum(out * dout)."""
    x = draw(11, 1, 5, 7, 1, 2, 3)
    x.q, x.k, x.v, x.dout = (a.astype(np.float64) for a in (x.q, x.k, x.v, x.dout))
    (_, _, *gradients), _ = formula(x)
    for array, gradient in zip((x.q, x.k, x.v), gradients, strict=True):
        for at in np.ndindex(array.shape):
            ends, kept = [], array[at]
            for step in (1e-6, -1e-6):
                array[at] = kept + step
                ends.append((formula(x)[0][0] * x.dout).sum())
            array[at] = kept
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(gradient[at], abs=1e-7)


# ---- the check itself ----


@pytest.mark.parametrize("damage", ["zeros", "last row", "one value", "keys off by one", "swapped heads"])
@pytest.mark.parametrize("index", range(5), ids=NAMES)
def test_the_check_notices_damage(index, damage):
    x = draw(12, 1, 90, 90, 2, 2, 32)
    outputs = list(run(x))
    assert_close(x, outputs)
    right = outputs[index]
    damaged = right.copy()
    if damage == "zeros":
        damaged[:] = 0
    elif damage == "last row":
        damaged[:, -1] *= 1.01
    elif damage == "one value":
        damaged.reshape(-1)[damaged.size // 3] += 1e-3
    elif damage == "keys off by one":
        damaged = np.roll(right, 1, axis=1)
    else:
        damaged = np.roll(right, 1, axis=1 if NAMES[index] == "lse" else 2)
    outputs[index] = damaged
    with pytest.raises(AssertionError, match=NAMES[index]):
        assert_close(x, outputs)


# ---- promises about bits ----


@pytest.mark.parametrize("isa", ["portable", "avx2", "avx512", "avx512bf16"])
def test_every_instruction_set_follows_the_formula(isa):
    before = kernels.isa()
    try:
        kernels.set_isa(isa)
    except ValueError as error:
        pytest.skip(str(error))
    try:
        for S, D, causal in ((150, 40, True), (90, 64, True), (150, 17, False)):
            x = draw(22, 2, 150, S, 1, 2, D, causal=causal, outliers=True)
            assert_close(x, run(x))
            lengths = [S, S // 2]
            q = x.q[:, -1].copy()
            assert_decodes(q, x.k, x.v, lengths, kernels.attention_decode(q, x.k, x.v, np.array(lengths, np.int32)))
    finally:
        kernels.set_isa(before)


@pytest.mark.parametrize("shape", [(3, 150, 150, 3, 2, 32), (1, 260, 200, 1, 1, 17)], ids=str)
def test_same_bits_for_any_number_of_threads(shape):
    x = draw(13, *shape)
    q, lengths = x.q[:, -1].copy(), np.full(len(x.q), shape[2], np.int32)
    before = kernels.get_threads()
    results = []
    try:
        for threads in (1, 2, 3, 7):
            kernels.set_threads(threads)
            results.append([*run(x), kernels.attention_decode(q, x.k, x.v, lengths)])
    finally:
        kernels.set_threads(before)
    for result in results[1:]:
        for one, other in zip(results[0], result, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_row_does_not_depend_on_its_batch():
    x = draw(14, 3, 130, 130, 2, 2, 48)
    together = run(x)
    alone = run(Inputs(*(np.ascontiguousarray(a[1:2]) for a in (x.q, x.k, x.v, x.dout)), x.scale, x.causal))
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one[1:2], other)


def test_a_query_does_not_depend_on_later_ones():
    """The first 100 tokens give the same bits within 190 tokens as alone: what a KV cache relies on."""
    x = draw(15, 1, 190, 190, 1, 2, 64)
    out, lse = kernels.attention(x.q, x.k, x.v)
    short, short_lse = kernels.attention(*(np.ascontiguousarray(a[:, :100]) for a in (x.q, x.k, x.v)))
    np.testing.assert_array_equal(out[:, :100], short)
    np.testing.assert_array_equal(lse[:, :, :100], short_lse)


# ---- NaN and infinity ----


@pytest.mark.parametrize("value", [np.nan, np.inf], ids=str)
@pytest.mark.parametrize("token", [0, 5, 63, 64, 99, 149])
def test_a_bad_number_reaches_only_those_who_see_it(value, token):
    """In a query: that query alone. In a key or value: the queries from that token on, whatever lies before."""
    for name in ("q", "k", "v"):
        x = draw(16, 1, 150, 150, 1, 1, 24)
        clean, _ = kernels.attention(x.q, x.k, x.v)
        getattr(x, name)[0, token, 0, 3] = value
        out, _ = kernels.attention(x.q, x.k, x.v)
        np.testing.assert_array_equal(out[:, :token], clean[:, :token], err_msg=name)
        if name == "q":
            np.testing.assert_array_equal(out[:, token + 1 :], clean[:, token + 1 :])
            assert not np.isfinite(out[:, token]).all()
        elif np.isnan(value):
            assert np.isnan(out[:, token:, 0, 3]).all(), name
        else:  # inf in a value gives inf; in a key, a score of inf or -inf, and NaN or a weight of 0
            with kernels.using("reference"):
                expected, _ = kernels.attention(x.q, x.k, x.v)
            for kind in (np.isnan, np.isposinf, np.isneginf):
                np.testing.assert_array_equal(kind(out)[:, token:], kind(expected)[:, token:], err_msg=name)


def test_a_bad_gradient_of_one_query_reaches_no_other_query():
    x = draw(17, 1, 150, 150, 1, 1, 24)
    _, _, clean, _, _ = run(x)
    x.dout[0, 70, 0, 3] = np.nan
    _, _, dq, dk, dv = run(x)
    np.testing.assert_array_equal(np.delete(dq, 70, axis=1), np.delete(clean, 70, axis=1))
    assert np.isnan(dq[0, 70]).all()
    assert np.isnan(dk[0, :71]).all()
    assert np.isnan(dv[0, :71, 0, 3]).all()


# ---- a second opinion ----


@pytest.mark.peers
@pytest.mark.parametrize("causal", [True, False])
def test_equals_pytorch(causal):
    torch = pytest.importorskip("torch")
    x = draw(21, 2, 100, 100, 2, 2, 64, causal=causal)
    q, k, v, dout = (torch.tensor(a.transpose(0, 2, 1, 3)).double().requires_grad_() for a in (x.q, x.k, x.v, x.dout))
    k_all, v_all = (a.repeat_interleave(2, dim=1) for a in (k, v))
    out = torch.nn.functional.scaled_dot_product_attention(q, k_all, v_all, is_causal=causal)
    (out * dout).sum().backward()
    ours = run(x)
    for g, e in zip((ours[0], *ours[2:]), (out, q.grad, k.grad, v.grad), strict=True):
        np.testing.assert_allclose(g.transpose(0, 2, 1, 3), e.detach().numpy(), rtol=0, atol=5e-6)
