"""Decoding, attention of one new token against a cache, in C against the formula in float64."""

import numpy as np
import pytest
from attention_formula import assert_decodes, draw
from hypothesis import given, settings
from hypothesis import strategies as st
from parity import normal

from minirl import kernels

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")


@pytest.fixture(autouse=True)
def native_backend():
    with kernels.using("native"):
        yield


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


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_tokens_of_one_row_in_one_call_get_the_bits_of_one_after_the_other(backend):
    """Query by query, `seen` stands for how long the row was."""
    rng = np.random.default_rng(24)
    k_cache, v_cache, lengths, rows, at = pieces_of(rng, [5, 130], [3, 140, 7], [1, -1, 0], 2, 24)
    of_query, seen = np.array([0, 1, 1, 2, 2, 2], np.int32), np.array([3, 2, 140, 5, 6, 7], np.int32)
    q = normal(rng, 6, 4, 24)
    with kernels.using(backend):
        given = {"rows": rows[of_query], "prefixes": at[of_query]}
        together = kernels.attention_decode(q, k_cache, v_cache, lengths, seen=seen, **given)
        for query, count in enumerate(seen):
            shorter = lengths.copy()
            shorter[rows[of_query[query]]] = count
            one = slice(query, query + 1)
            alone = {name: array[one] for name, array in given.items()}
            out = kernels.attention_decode(q[one], k_cache, v_cache, shorter, **alone)
            np.testing.assert_array_equal(together[query], out[0])


@pytest.mark.parametrize(
    ("seen", "new", "message"),
    [
        ([6, 1], False, r"seen\[0\] is 6; expected 0 to 5"),
        ([1, 5], True, "row 1 holds 5 keys, and has no room for a new one"),
        ([1], False, "seen has"),
    ],
)
def test_keys_that_are_not_in_the_row_are_refused(seen, new, message):
    x = np.zeros((2, 5, 1, 8), np.float32)
    added = (x[:, 0].copy(), x[:, 1].copy()) if new else None
    with pytest.raises((ValueError, IndexError), match=message):
        kernels.attention_decode(
            x[:, 2].copy(), x, x.copy(), np.ones(2, np.int32), new=added, seen=np.array(seen, np.int32)
        )


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
