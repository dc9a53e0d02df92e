"""Penalties and cuts: what each leaves, in which order, and that none is on unless asked for."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_engine import END, MODEL, ids_of

from minirl import kernels
from minirl.generate import Sampling, cuts, draw, generate_ids

V = 12
LOGITS = np.random.default_rng(0).standard_normal((1, V)).astype(np.float32) * 2
MANY = np.linspace(0, 1, 400, endpoint=False)


def drawn(rule, logits=LOGITS, written=()):
    """Every id that some uniform number gives."""
    rows = np.repeat(logits, len(MANY), axis=0)
    ids, _ = draw(rows, MANY, rule, V, written=[np.array(written, np.int32)] * len(rows))
    return set(ids.tolist())


def softmax(z):
    p = np.exp(z - z.max())
    return p / p.sum()


def test_the_examples():
    assert doctest.testmod(cuts).failed == 0


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.0])
def test_min_p_keeps_what_is_likely_enough_at_the_temperature(temperature):
    p = softmax(LOGITS[0] / temperature)
    for share in (0.05, 0.3, 0.9):
        expected = set(np.flatnonzero(p >= share * p.max()).tolist())
        assert set(np.flatnonzero(cuts.cut(LOGITS, temperature, 0, 1.0, share)[0] > -np.inf).tolist()) == expected
        assert drawn(Sampling(temperature, min_p=share)) <= expected
    assert drawn(Sampling(temperature, min_p=1.0)) == {int(p.argmax())}


@given(
    st.lists(st.integers(-4, 4), min_size=V, max_size=V),
    st.integers(0, V),
    st.sampled_from([0.125, 0.25, 0.5, 0.93, 1.0]),
    st.floats(0.0, 0.999),
    st.sampled_from([0.5, 1.0, 1.7]),
)
def test_the_cuts_before_min_p_are_the_kernels(z, top_k, top_p, uniform, temperature):
    """With a min_p that removes nothing, the draw is the one of kernels.sample, ties included."""
    logits, number = np.array([z], np.float32), np.array([uniform])
    ids, _ = draw(logits, number, Sampling(temperature, top_k, top_p, min_p=1e-30), V)
    assert ids == kernels.sample(logits, number, temperature=temperature, top_k=top_k, top_p=top_p)[0]


def test_min_p_comes_after_top_p():
    """top_p is a share of all that top_k left; if min_p came first, the share would be of less, and keep less."""
    p = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    kept = cuts.cut(np.log(p)[None].astype(np.float32), 1.0, 0, 0.72, 0.36)[0] > -np.inf
    assert kept.tolist() == [True, True, True, False, False]  # first: 0.72 x 0.85 = 0.61 would keep two


def test_penalties_are_subtracted_before_the_temperature():
    written = [3, 5, 3, 3]
    z = LOGITS[0].astype(np.float64)
    z[3] -= 3 * 0.5 + 0.25
    z[5] -= 0.5 + 0.25
    seen = cuts.penalised(LOGITS, [np.array(written)], 0.5, 0.25, 0)
    np.testing.assert_allclose(seen[0], z, rtol=1e-6)
    rule = Sampling(0.8, frequency_penalty=0.5, presence_penalty=0.25)
    rows = np.repeat(LOGITS, len(MANY), axis=0)
    ids, log_probs = draw(rows, MANY, rule, V, written=[np.array(written)] * len(rows))
    np.testing.assert_allclose(np.bincount(ids, minlength=V) / len(MANY), softmax(z / 0.8), atol=4e-3)
    own = np.log(softmax(LOGITS[0].astype(np.float64) / 0.8))  # recorded is the model's own, without penalties
    np.testing.assert_allclose(log_probs, own[ids], atol=1e-5)


def test_settings_that_are_off_change_no_bit():
    prompts = [[1, 2, 3], [4]]
    off = Sampling(0.9, 6, 0.9, 12, min_p=0.0, no_repeat_ngram=0, frequency_penalty=0.0, presence_penalty=0)
    rows = [list(generate_ids(MODEL, prompts, rule, END, samples=3)) for rule in (off, Sampling(0.9, 6, 0.9, 12))]
    assert ids_of(rows[0]) == ids_of(rows[1])
    assert [row.log_probs.tobytes() for row in rows[0]] == [row.log_probs.tobytes() for row in rows[1]]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_ngram_is_written_twice(n):
    rows = list(generate_ids(MODEL, [[1, 1, 1], [4]], Sampling(0.3, max_new_tokens=20, no_repeat_ngram=n), None))
    free = list(generate_ids(MODEL, [[1, 1, 1], [4]], Sampling(0.3, max_new_tokens=20), None))
    assert all(len(grams(row.ids, n)) == len(set(grams(row.ids, n))) for row in rows)
    assert any(len(grams(row.ids, n)) > len(set(grams(row.ids, n))) for row in free)  # else nothing was shown


def grams(ids, n):
    return [tuple(ids[i : i + n].tolist()) for i in range(len(ids) - n + 1)]


def test_only_generated_tokens_are_penalised():
    """A number of the question may be copied: the prompt never counts."""
    prompt = [7] * 12
    plain = list(generate_ids(MODEL, [prompt], Sampling(0.0, max_new_tokens=1), None))
    blocked = list(generate_ids(MODEL, [prompt], Sampling(0.0, max_new_tokens=1, no_repeat_ngram=1), None))
    assert ids_of(plain) == ids_of(blocked)
    assert cuts.penalised(LOGITS, [np.zeros(0, np.int32)], 1.0, 1.0, 2).tobytes() == LOGITS.tobytes()


def test_a_cycle_is_left_only_with_the_block():
    """A bigram table that goes round 0, 1, 2 for ever: the most likely token is always the next of the cycle."""
    table = np.full((5, 5), -5.0, np.float32)
    table[[0, 1, 2, 3, 4], [1, 2, 0, 4, 3]] = 5.0

    def write(rule):
        ids = [0]
        for _ in range(12):
            token, _ = draw(table[ids[-1]][None], np.array([0.5]), rule, 5, written=[np.array(ids)])
            ids.append(int(token[0]))
        return ids

    assert write(Sampling(0.0)) == [0, 1, 2] * 4 + [0]
    freed = write(Sampling(0.0, no_repeat_ngram=3))
    assert freed[:6] == [0, 1, 2, 0, 1, 0]  # 0 1 2 is not written again
    assert len(set(grams(np.array(freed), 3))) == len(freed) - 2


def test_a_row_that_may_write_nothing_may_repeat_itself():
    ids = np.arange(V)
    assert drawn(Sampling(0.0, no_repeat_ngram=1), written=ids) == {int(LOGITS.argmax())}
