"""Attention in C, forward, backward and decoding, against the formula in float64.

The formula stands here once more, head by head and with all T x S weights, plainer than the reference backend's. It
also says how large the numbers are that are added up on the way to each result; from this `assert_close` takes its
tolerances. A score is a sum of D products. An error of it scales the weight exp(score), so a weight of magnitude P
whose score adds up numbers of magnitude A is off by about P (1 + A) roundings, and what comes of weights inherits that.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parity import EPS, normal

from minirl import kernels

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
NAMES = ("out", "lse", "dq", "dk", "dv")


@pytest.fixture(autouse=True)
def native_backend():
    with kernels.using("native"):
        yield


@dataclass
class Inputs:
    """q, dout: (B, T, H, D); k, v: (B, S, H_kv, D)."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    dout: np.ndarray
    scale: float
    causal: bool


def draw(seed, B, T, S, H_kv, group, D, *, causal=True, outliers=False, packed=False, size=1.0, scale=None) -> Inputs:
    """Random inputs; packed makes q, k and v slices of one projection, which needs T == S."""
    rng = np.random.default_rng(seed)
    H = H_kv * group
    if packed:
        projection = normal(rng, B, T, H + 2 * H_kv, D, outliers=outliers, scale=size)
        q, k, v = projection[:, :, :H], projection[:, :, H : H + H_kv], projection[:, :, H + H_kv :]
    else:
        q = normal(rng, B, T, H, D, outliers=outliers, scale=size)
        k, v = (normal(rng, B, S, H_kv, D, outliers=outliers, scale=size) for _ in range(2))
    return Inputs(q, k, v, normal(rng, B, T, H, D, outliers=outliers), scale or D**-0.5, causal)


def run(x: Inputs) -> tuple[np.ndarray, ...]:
    """(out, lse, dq, dk, dv) by the kernels."""
    out, lse = kernels.attention(x.q, x.k, x.v, scale=x.scale, causal=x.causal)
    return out, lse, *kernels.attention_backward(x.dout, x.q, x.k, x.v, out, lse, scale=x.scale, causal=x.causal)


def formula(x: Inputs) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The same five in float64, and the magnitude of each."""
    q, k, v, dout = (a.astype(np.float64) for a in (x.q, x.k, x.v, x.dout))
    (B, T, H, _), (_, S, H_kv, _) = q.shape, k.shape
    values = [np.zeros_like(q), np.zeros((B, H, T)), np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)]
    sizes = [np.zeros_like(a) for a in values]
    hidden = np.arange(S) > np.arange(T)[:, None] + S - T if x.causal else np.zeros((T, S), bool)
    for b in range(B):
        for h in range(H):
            head, key_head = (b, slice(None), h), (b, slice(None), h // (H // H_kv))
            score = np.where(hidden, -np.inf, q[head] @ k[key_head].T * x.scale)
            score_size = np.where(hidden, 0, abs(q[head]) @ abs(k[key_head]).T * x.scale)
            largest = score.max(axis=1, initial=-1e30)
            e = np.exp(score - largest[:, None])
            with np.errstate(divide="ignore"):
                lse = np.log(e.sum(axis=1)) + largest
            p = np.where(hidden, 0, np.exp(score - np.where(lse == -np.inf, 0, lse)[:, None]))
            dp, dp_size = dout[head] @ v[key_head].T, abs(dout[head]) @ abs(v[key_head]).T
            out = p @ v[key_head]
            ds = p * (dp - (dout[head] * out).sum(axis=1, keepdims=True)) * x.scale

            lse_size = (p * score_size).sum(axis=1)
            p_size = p * (1 + score_size + lse_size[:, None])
            out_size = p_size @ abs(v[key_head])
            delta_size = (abs(dout[head]) * out_size).sum(axis=1, keepdims=True)
            ds_size = (p_size * (dp_size + abs(dp)) + p * delta_size + p_size * delta_size) * x.scale
            for target, value, size in (
                (0, out, out_size), (2, ds @ k[key_head], ds_size @ abs(k[key_head]))
            ):  # fmt: skip
                values[target][head], sizes[target][head] = value, size
            values[1][b, h], sizes[1][b, h] = lse, 1 + lse_size + np.where(np.isfinite(lse), abs(lse), 0)
            values[3][key_head] += ds.T @ q[head]
            sizes[3][key_head] += ds_size.T @ abs(q[head])
            values[4][key_head] += p.T @ dout[head]
            sizes[4][key_head] += p_size.T @ abs(dout[head])
    return values, sizes


def assert_close(x: Inputs, got) -> None:
    """Raise AssertionError where a result is further from the formula than rounding explains."""
    values, sizes = formula(x)
    for name, g, e, size in zip(NAMES, got, values, sizes, strict=True):
        assert g.shape == e.shape, f"{name} has shape {g.shape}, expected {e.shape}"
        with np.errstate(invalid="ignore"):
            wrong = ~((abs(g - e) <= 8 * EPS * size + 1e-37) | (g == e))
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise AssertionError(
                f"{name}[{at}] is {g[at]}, expected {e[at]} +- {8 * EPS * size[at]}; {wrong.sum()} are off"
            )


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


# ---- decoding ----


def assert_decodes(q, k_cache, v_cache, lengths, out) -> None:
    for row, length in enumerate(lengths):
        x = Inputs(q[row : row + 1, None], k_cache[row : row + 1, :length], v_cache[row : row + 1, :length],
                   np.zeros_like(q[row : row + 1, None]), q.shape[-1] ** -0.5, True)  # fmt: skip
        (expected, *_), (size, *_) = formula(x)
        wrong = ~(abs(out[row] - expected[0, 0]) <= 8 * EPS * size[0, 0])
        assert not wrong.any(), f"row {row} of length {length}: {wrong.sum()} of {wrong.size} values are off"


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.one_of(st.integers(0, 20), st.integers(0, 300)), min_size=0, max_size=4),
    spare=st.integers(0, 5),
    H_kv=st.integers(1, 3),
    group=st.integers(1, 4),
    D=st.one_of(st.integers(1, 70), st.sampled_from([128, 256])),
    outliers=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_decode_equals_the_formula(lengths, spare, H_kv, group, D, outliers, seed):
    """What lies behind a row's length is never used, nor touched: it is NaN here."""
    rng = np.random.default_rng(seed)
    B, capacity = len(lengths), max(lengths, default=0) + spare
    q = normal(rng, B, H_kv * group, D, outliers=outliers)
    k_cache, v_cache = (normal(rng, B, capacity, H_kv, D, outliers=outliers) for _ in range(2))
    for row, length in enumerate(lengths):
        k_cache[row, length:] = v_cache[row, length:] = np.nan
    out = kernels.attention_decode(q, k_cache, v_cache, np.array(lengths, np.int32))
    assert_decodes(q, k_cache, v_cache, lengths, out)
    for row, length in enumerate(lengths):
        assert length > 0 or (out[row] == 0).all()


def test_decode_equals_the_last_row_of_attention():
    x = draw(18, 2, 300, 300, 2, 3, 64)
    out, _ = kernels.attention(x.q, x.k, x.v)
    decoded = kernels.attention_decode(x.q[:, -1].copy(), x.k, x.v, np.array([300, 300], np.int32))
    np.testing.assert_allclose(decoded, out[:, -1], rtol=0, atol=2e-6)
    assert_decodes(x.q[:, -1].copy(), x.k, x.v, [300, 300], decoded)


def test_the_decode_check_notices_damage():
    rng = np.random.default_rng(19)
    q, k_cache, v_cache = normal(rng, 3, 4, 32), normal(rng, 3, 200, 2, 32), normal(rng, 3, 200, 2, 32)
    lengths = np.array([200, 7, 150], np.int32)
    out = kernels.attention_decode(q, k_cache, v_cache, lengths)
    assert_decodes(q, k_cache, v_cache, lengths, out)
    one_key_less = kernels.attention_decode(q, k_cache, v_cache, lengths - 1)
    last_row = out.copy()
    last_row[-1] *= 1.001
    for damaged in (np.zeros_like(out), one_key_less, last_row):
        with pytest.raises(AssertionError, match="values are off"):
            assert_decodes(q, k_cache, v_cache, lengths, damaged)


def test_a_decoded_row_does_not_depend_on_its_batch():
    rng = np.random.default_rng(20)
    q, k_cache, v_cache = normal(rng, 3, 4, 40), normal(rng, 3, 300, 2, 40), normal(rng, 3, 300, 2, 40)
    together = kernels.attention_decode(q, k_cache, v_cache, np.array([300, 170, 3], np.int32))
    k_cache[0], v_cache[2] = np.nan, np.inf
    again = kernels.attention_decode(q, k_cache, v_cache, np.array([5, 170, 300], np.int32))
    np.testing.assert_array_equal(together[1], again[1])
    assert np.isnan(again[0]).all()


def pieces_of(rng, prompts, own, prefixes, H_kv, D):
    """Caches whose rows hold the queries' own keys, in a random order, and then the prompts; which row is whose."""
    capacity, B = 1 + max([*prompts, *own]), len(own)
    lengths = np.zeros(B + len(prompts), np.int32)
    rows = rng.permutation(B).astype(np.int32)
    lengths[rows], lengths[B:] = own, prompts
    k_cache, v_cache = (normal(rng, len(lengths), capacity, H_kv, D) for _ in range(2))
    return k_cache, v_cache, lengths, rows, np.array([B + p if p >= 0 else -1 for p in prefixes], np.int32)


@settings(max_examples=40, deadline=None)
@given(
    prompts=st.lists(st.one_of(st.integers(0, 9), st.integers(100, 300)), min_size=1, max_size=3),
    own=st.lists(st.one_of(st.integers(0, 9), st.integers(100, 150)), min_size=1, max_size=4),
    H_kv=st.integers(1, 2),
    group=st.integers(1, 3),
    D=st.integers(1, 70),
    seed=st.integers(0, 2**32),
)
def test_a_query_behind_a_prefix_gets_the_bits_of_one_with_all_keys_in_its_row(prompts, own, H_kv, group, D, seed):
    """And its new key and value are put into the cache, and read, as if they had been there."""
    rng = np.random.default_rng(seed)
    B = len(own)
    prefixes = rng.integers(-1, len(prompts), B)
    k_cache, v_cache, lengths, rows, at = pieces_of(rng, prompts, own, prefixes, H_kv, D)
    before = k_cache.copy(), v_cache.copy()
    q, (k, v) = normal(rng, B, H_kv * group, D), (normal(rng, B, H_kv, D) for _ in range(2))
    out = kernels.attention_decode(q, k_cache, v_cache, lengths, new=(k, v), rows=rows, prefixes=at)
    for b, (row, prefix) in enumerate(zip(rows, at, strict=True)):
        keys, values = (
            np.concatenate([x[prefix, : lengths[prefix] * (prefix >= 0)], x[row, : lengths[row]], new[b : b + 1]])[None]
            for x, new in zip(before, (k, v), strict=True)
        )
        whole = kernels.attention_decode(q[b : b + 1], keys, values, np.array([keys.shape[1]], np.int32))
        np.testing.assert_array_equal(out[b], whole[0])
    for cache, old, new in zip((k_cache, v_cache), before, (k, v), strict=True):
        old[rows, lengths[rows]] = new
        np.testing.assert_array_equal(cache, old)


def test_decoding_behind_a_prefix_is_the_same_in_both_backends():
    rng = np.random.default_rng(23)
    k_cache, v_cache, lengths, rows, at = pieces_of(rng, [5, 130], [3, 0, 7], [1, 0, -1], 2, 24)
    packed = normal(rng, 3, 4 + 2 * 2, 24)  # q, k and v side by side, as the model has them
    outs, caches = [], []
    for backend in ("native", "reference"):
        pair = k_cache.copy(), v_cache.copy()
        with kernels.using(backend):
            new = packed[:, 4:6], packed[:, 6:]
            outs.append(kernels.attention_decode(packed[:, :4], *pair, lengths, new=new, rows=rows, prefixes=at))
        caches.append(pair)
    np.testing.assert_allclose(*outs, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(*caches)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": [0, 4]}, r"rows\[1\] is 4; expected 0 to 3"),
        ({"rows": [-1, 0]}, r"rows\[0\] is -1"),
        ({"prefixes": [-2, 0]}, r"prefixes\[0\] is -2"),
        ({"prefixes": [2, 4]}, r"prefixes\[1\] is 4"),
        ({"lengths": [1, 6, 1, 1]}, r"lengths\[1\] is 6; expected 0 to 5"),
        ({"lengths": [1, 5, 1, 1]}, "row 1 holds 5 keys, and has no room for a new one"),
    ],
)
def test_rows_that_are_not_in_the_cache_are_refused(changes, message):
    given = {"lengths": [1, 1, 5, 1], "rows": [0, 1], "prefixes": [-1, 2], **changes}
    lengths, rows, prefixes = (np.array(given[name], np.int32) for name in ("lengths", "rows", "prefixes"))
    x = np.zeros((4, 5, 1, 8), np.float32)
    new = x[:2, 0], x[:2, 1]
    with pytest.raises((ValueError, IndexError), match=message):
        kernels.attention_decode(x[:2, 2], x.copy(), x.copy(), lengths, new=new, rows=rows, prefixes=prefixes)


def test_rows_that_changed_since_they_were_checked_are_checked_again():
    """The same arrays may hold other numbers, and what was right last must not pass for right now."""
    cache, x = np.zeros((2, 5, 1, 8), np.float32), np.zeros((2, 1, 8), np.float32)
    lengths, rows, prefixes = np.array([1, 2], np.int32), np.array([0, 1], np.int32), np.array([-1, -1], np.int32)

    def decode():
        return kernels.attention_decode(x, cache, cache.copy(), lengths, new=(x, x), rows=rows, prefixes=prefixes)

    for array, wrong, message in (
        (lengths, 5, "row 1 holds 5 keys, and has no room"),
        (rows, 2, r"rows\[1\] is 2"),
        (prefixes, 2, r"prefixes\[1\] is 2"),
    ):
        decode()
        before, array[1] = int(array[1]), wrong
        with pytest.raises((ValueError, IndexError), match=message):
            decode()
        array[1] = before


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
