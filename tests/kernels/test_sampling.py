"""Drawing tokens: native against the reference, and both against the distribution they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl import kernels

backends = pytest.mark.parametrize(
    "backend",
    [
        "reference",
        pytest.param(
            "native", marks=pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
        ),
    ],
)


def allowed(logits, temperature, top_k, top_p):
    """(probabilities after the cuts, log-probabilities before them) in float64, written from the definition."""
    z = logits.astype(np.float64) / temperature
    pi = np.exp(z - z.max())
    pi /= pi.sum()
    order = sorted(range(len(pi)), key=lambda i: (-logits[i], i))
    order = order[: top_k or len(order)]
    total, kept, mass = pi[order].sum(), np.zeros_like(pi), 0.0
    for i in order:
        if mass >= top_p * total and top_p < 1:
            break
        kept[i] = pi[i]
        mass += pi[i]
    with np.errstate(divide="ignore"):
        return kept / kept.sum(), np.log(pi)


@backends
@settings(max_examples=150, deadline=None)
@given(
    V=st.integers(1, 700),
    seed=st.integers(0, 2**32),
    temperature=st.sampled_from([0.1, 0.7, 1.0, 3.0]),
    top_k=st.sampled_from([0, 1, 2, 5, 1000]),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 1.0]),
)
def test_draws_invert_the_cut_distribution(backend, V, seed, temperature, top_k, top_p):
    rng = np.random.default_rng(seed)
    logits = (rng.standard_normal((6, V)) * rng.choice([0, 1, 8])).astype(np.float32)
    logits[rng.random((6, V)) < 0.1] = -np.inf
    logits[:, rng.integers(V)] = 1
    uniform = rng.random(6)
    uniform[0] = 0.0
    uniform[1] = np.nextafter(1, 0)
    with kernels.using(backend):
        ids, log_prob = kernels.sample(logits, uniform, temperature=temperature, top_k=top_k, top_p=top_p)
    assert ids.dtype == np.int32
    slack = 2e-5  # float32 probabilities; and at a tie of mass with top_p one token more or less
    for row in range(6):
        kept, log_pi = allowed(logits[row], temperature, top_k, top_p)
        wider, _ = allowed(logits[row], temperature, top_k, min(1.0, top_p + slack))
        drawn = ids[row]
        assert wider[drawn] > 0
        if kept[drawn] > 0 and (wider > 0).sum() == (kept > 0).sum():
            below = kept[:drawn].sum()
            assert below - slack <= uniform[row] <= below + kept[drawn] + slack
        assert log_prob[row] == pytest.approx(log_pi[drawn], abs=1e-5 * (1 + 8 / temperature))


@backends
def test_frequencies_follow_the_softmax(backend):
    """20,000 draws from 5 tokens: the chi-square statistic passes at the level 1e-6 (quantile of 4 degrees: 33.4)."""
    logits = np.tile(np.array([0.0, 1.0, -1.0, 2.0, 0.5], np.float32), (20_000, 1))
    with kernels.using(backend):
        ids, _ = kernels.sample(logits, np.random.default_rng(0).random(20_000))
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum() * 20_000
    counts = np.bincount(ids, minlength=5)
    assert ((counts - expected) ** 2 / expected).sum() < 33.4


@backends
def test_temperature_zero_takes_the_first_of_the_most_likely(backend):
    logits = np.array([[1, 3, 3, 2], [-np.inf, -5, -np.inf, -6]], np.float32)
    with kernels.using(backend):
        ids, log_prob = kernels.sample(logits, np.array([0.9, 0.9]), temperature=0)
    assert ids.tolist() == [1, 1] and log_prob.tolist() == [0, 0]


@backends
def test_of_equal_tokens_the_lower_ids_are_kept(backend):
    with kernels.using(backend):
        ids, _ = kernels.sample(np.zeros((100, 50), np.float32), np.linspace(0, 0.999, 100), top_k=3)
    assert set(ids.tolist()) == {0, 1, 2}


@backends
@settings(max_examples=25, deadline=None)
@given(V=st.integers(1, 2000), top_k=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_top_k_keeps_what_sorting_keeps(backend, V, top_k, seed):
    """Logits of three values, so that nearly all are ties. Enough draws to see every token that is kept."""
    logits = np.random.default_rng(seed).choice(np.array([-1.25, 0.0, 0.25], np.float32), V)
    kept = np.argsort(-logits, kind="stable")[:top_k]
    draws = 16 * len(kept)
    with kernels.using(backend):
        ids, _ = kernels.sample(np.tile(logits, (draws, 1)), (np.arange(draws) + 0.5) / draws, top_k=top_k)
    assert set(ids.tolist()) == set(kept.tolist())


@backends
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_without_a_distribution_is_named(backend, bad):
    logits = np.zeros((4, 9), np.float32)
    logits[2, 5] = bad
    with kernels.using(backend), pytest.raises(ValueError, match="row 2 of logits"):
        kernels.sample(logits, np.full(4, 0.5))
    logits[2] = -np.inf
    with kernels.using(backend), pytest.raises(ValueError, match="row 2 of logits"):
        kernels.sample(logits, np.full(4, 0.5))


@backends
@pytest.mark.parametrize(
    "setting, message",
    [({"temperature": -1}, "temperature -1"), ({"top_k": -2}, "top_k -2"), ({"top_p": 0.0}, r"top_p 0.0 must lie in")],
)
def test_impossible_settings_are_refused(backend, setting, message):
    with kernels.using(backend), pytest.raises(ValueError, match=message):
        kernels.sample(np.zeros((1, 3), np.float32), np.zeros(1), **setting)


@pytest.mark.skipif(not kernels.has_native(), reason="the C kernels are not built")
def test_same_draws_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    logits, uniform = rng.standard_normal((99, 1013)).astype(np.float32), rng.random(99)
    before, results = kernels.get_threads(), []
    for threads in (1, 2, 3, 7):
        kernels.set_threads(threads)
        results.append(kernels.sample(logits, uniform, top_k=40, top_p=0.9))
    kernels.set_threads(before)
    for ids, log_prob in results[1:]:
        np.testing.assert_array_equal(ids, results[0][0])
        np.testing.assert_array_equal(log_prob, results[0][1])
