"""Generating with a cache gives the logits of the full forward pass."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from minirl import kernels
from minirl.model import GPT, KVCache


def kernels_here():
    return ["native", "reference"] if kernels.has_native() else ["reference"]


def logits_of(model, ids):
    return model(ids).data


def test_one_token_at_a_time(config, ids):
    model = GPT(config)
    full = logits_of(model, ids)
    cache = KVCache(config, len(ids))
    for t in range(ids.shape[1]):
        np.testing.assert_allclose(model.extend(ids[:, t : t + 1], cache), full[:, t], atol=1e-5)
    np.testing.assert_array_equal(cache.lengths, [20] * 3)


def test_prompts_of_different_lengths_then_one_token_at_a_time(config, ids):
    model = GPT(config)
    full = logits_of(model, ids)
    lengths = np.array([5, 1, 9])
    padded = np.where(np.arange(9) < lengths[:, None], ids[:, :9], 96)
    cache = KVCache(config, 3, capacity=20)
    every = np.arange(3)
    np.testing.assert_allclose(model.extend(padded, cache, lengths), full[every, lengths - 1], atol=1e-5)
    for step in range(11):
        at = lengths + step
        np.testing.assert_allclose(model.extend(ids[every, at][:, None], cache), full[every, at], atol=1e-5)


def test_chunks_of_different_lengths(config, ids):
    """As in a conversation: each row goes on from where it was, by as many tokens as it has."""
    model = GPT(config)
    full = logits_of(model, ids)
    cache = KVCache(config, 3)
    at, every = np.zeros(3, int), np.arange(3)
    for lengths in ([5, 1, 9], [3, 7, 1], [1, 1, 1], [4, 2, 9]):
        new = np.array(lengths)
        chunk = ids[every[:, None], np.minimum(at[:, None] + np.arange(new.max()), 19)]
        at += new
        np.testing.assert_allclose(model.extend(chunk, cache, new), full[every, at - 1], atol=1e-5)
        np.testing.assert_array_equal(cache.lengths, at)


@pytest.mark.parametrize("backend", kernels_here())
def test_some_tokens_at_once_get_the_bits_of_one_at_a_time(config, ids, backend):
    """Whatever the other rows do: here one row gets a token, one gets three, and one more than attend one by one.
    (NumPy's products of matrices depend on how many rows there are.)"""
    same = np.testing.assert_array_equal if backend == "native" else partial(np.testing.assert_allclose, atol=1e-5)
    config = replace(config, context_length=60)
    ids = np.tile(ids, 3)
    with kernels.using(backend):
        model, prompt = GPT(config), np.array([5, 9, 2])
        whole, single = KVCache(config, 3), KVCache(config, 2)
        model.extend(ids[:, :9], whole, prompt)
        model.extend(ids[:2, :9], single, prompt[:2])
        new = np.array([1, 3, 45])
        chunk = ids[np.arange(3)[:, None], np.minimum(prompt[:, None] + np.arange(45), 59)]
        together = model.extend(chunk, whole, new)
        same(together[0], model.extend(ids[:1, 5:6], single.at(np.array([0])))[0])
        for t in range(9, 12):
            last = model.extend(ids[1:2, t : t + 1], single.at(np.array([1])))
        same(together[1], last[0])
        np.testing.assert_allclose(together[2], logits_of(model, ids[2:3, :47])[0, 46], atol=1e-5)


def test_a_cache_that_grows_keeps_what_it_holds(config, ids):
    model = GPT(config)
    cache, wide = KVCache(config, 3, capacity=7), KVCache(config, 3)
    for each in (cache, wide):
        model.extend(ids[:, :7], each)
    cache.grow(9)
    for t in (7, 8):
        np.testing.assert_array_equal(model.extend(ids[:, t : t + 1], cache), model.extend(ids[:, t : t + 1], wide))
    for capacity in (8, config.context_length + 1):
        with pytest.raises(ValueError, match=f"KVCache.grow: capacity {capacity}; expected 9"):
            cache.grow(capacity)


def test_rows_in_any_order(config, ids):
    model = GPT(config)
    full = logits_of(model, ids)
    cache = KVCache(config, 3)
    model.extend(ids[:, :6], cache)
    rows = np.array([2, 0])
    np.testing.assert_allclose(model.extend(ids[rows, 6][:, None], cache.at(rows)), full[rows, 6], atol=1e-5)
    np.testing.assert_array_equal(cache.lengths, [7, 6, 7])
    np.testing.assert_allclose(model.extend(ids[[1], 6:7], cache.at(np.array([1]))), full[[1], 6], atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 3])
def test_rows_that_go_on_from_one_prompt_get_the_bits_of_rows_with_a_copy_of_it(config, ids, chunk):
    model = GPT(config)
    shared, alone = KVCache(config, 4), KVCache(config, 3)
    model.extend(ids[:1, :7], shared.at(np.array([3])))
    model.extend(np.repeat(ids[:1, :7], 3, axis=0), alone)
    rows = np.array([1, 0, 2])
    view = shared.at(rows, np.full(3, 3))
    np.testing.assert_array_equal(view.lengths, [7] * 3)
    for at in range(7, 7 + 4 * chunk, chunk):
        new = ids[:, at : at + chunk]
        got, expected = model.extend(new, view), model.extend(new, alone)
        if kernels.backend() == "native":
            np.testing.assert_array_equal(got, expected)
        else:  # NumPy's products depend in their last digits on how many rows they have
            np.testing.assert_allclose(got, expected, atol=1e-5)
    np.testing.assert_array_equal(shared.held, [4 * chunk] * 3 + [7])
    shared.clear(rows)
    np.testing.assert_array_equal(view.lengths, [7] * 3)


@pytest.mark.parametrize(("rows", "prefixes"), [([0, 1], [-1, 0]), ([0, 1, 0], [-1, -1, -1])])
def test_a_row_is_extended_once_and_is_no_prefix_then(config, rows, prefixes):
    with pytest.raises(ValueError, match="expected each row once, and none of them as a prefix"):
        KVCache(config, 3).at(np.array(rows), np.array(prefixes))


def test_a_row_that_is_full_is_named(config, ids):
    model = GPT(config)
    cache = KVCache(config, 3, capacity=8)
    model.extend(ids[:, :8], cache, np.array([3, 8, 2]))
    with pytest.raises(ValueError, match="row 1 holds 8 tokens and 1 more would exceed its capacity, 8"):
        model.extend(ids[:, 8:9], cache)
    np.testing.assert_array_equal(cache.lengths, [3, 8, 2])


def test_a_row_and_its_prefix_stay_within_the_context_together(config, ids):
    model = GPT(config)
    cache = KVCache(config, 2)
    model.extend(ids[:1, :20], cache.at(np.array([1])))
    view = cache.at(np.array([0]), np.array([1]))
    model.extend(ids[:1, :4], view)
    with pytest.raises(ValueError, match="would come to 25 tokens; expected at most the context length, 24"):
        model.extend(ids[:1, :1], view)
    np.testing.assert_array_equal(view.lengths, [24])


@pytest.mark.parametrize("lengths", [[0, 1, 1], [1, 1, 3], [1, 1]])
def test_impossible_lengths_are_refused(config, ids, lengths):
    with pytest.raises(ValueError, match="1 to T tokens in each"):
        GPT(config).extend(ids[:, :2], KVCache(config, 3), np.array(lengths))


def test_capacity_and_rows_are_checked(config, ids):
    with pytest.raises(ValueError, match="capacity 25; expected 1 to the context length, 24"):
        KVCache(config, 3, capacity=25)
    with pytest.raises(ValueError, match="the cache 2 rows"):
        GPT(config).extend(ids, KVCache(config, 2))


def test_a_cache_fits_its_own_model_only(config):
    model = GPT(config)
    for changes in ({"n_layer": 1}, {"n_layer": 3}, {"d_model": 64}, {"context_length": 99}):
        with pytest.raises(ValueError, match=r"KVCache: made for .*; use KVCache\(model.config, ...\)"):
            model.extend([[1, 2]], KVCache(replace(config, **changes), 1))
    assert model.extend([[1, 2]], KVCache(replace(config, dropout=0.5), 1)).shape == (1, 97)  # of the same shape
    with pytest.raises(TypeError, match="cache is NoneType; expected KVCache"):
        model.extend([[1, 2]], None)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((-1,), "batch -1; expected"),
        ((1.5,), "batch 1.5; expected"),
        ((10**12,), "GiB of memory; this machine has"),
        ((1, 0), "capacity 0; expected 1 to the context length, 24"),
        ((1, 25), "capacity 25; expected 1 to the context length, 24"),
        ((1, 2.5), "capacity 2.5; expected"),
    ],
)
def test_a_cache_of_impossible_size_is_refused(config, arguments, message):
    with pytest.raises(ValueError, match=message):
        KVCache(config, *arguments)


@pytest.mark.parametrize(
    "rows, prefixes",
    [([2], None), ([-1], None), ([0.5], None), ([[0]], None), ([0], [7]), ([0], [1, 1]), ([0, 0], None), ([0], [0])],
)
def test_rows_that_the_cache_does_not_have_are_refused(config, rows, prefixes):
    with pytest.raises(ValueError, match=r"KVCache: rows .*; expected"):
        KVCache(config, 2).at(rows, prefixes)
