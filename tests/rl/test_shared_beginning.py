"""Prompts that begin alike: the beginning is computed once, in rollouts and in updates, and changes nothing."""

import numpy as np
import pytest

from minirl.generate import Sampling, generate_ids
from minirl.generate.engine import Engine
from minirl.generate.prompts import common_beginning
from minirl.model import GPT, GPTConfig
from minirl.rl.batch import batches, by_episode, make_batch, shared_tokens
from minirl.rl.config import RLConfig
from minirl.rl.loss import action_log_probs, policy_loss
from minirl.rl.mdp import Episode
from minirl.tasks import ROGER

RNG = np.random.default_rng(3)
SHOWN = RNG.integers(0, 40, 90).astype(np.int32)  # worked examples, say


@pytest.fixture(scope="module")
def model():
    config = GPTConfig.llama(vocab_size=40, context_length=128, n_layer=2, n_head=2, d_model=16, d_ff=24)
    return GPT(config, seed=1, std=0.3).eval()


def prompts(count, beginning=SHOWN):
    return [np.concatenate([beginning, RNG.integers(0, 40, 3 + i % 4)]).astype(np.int32) for i in range(count)]


def played(model, given, samples=3, **settings):
    return list(generate_ids(model, given, Sampling(max_new_tokens=8), 5, seed=4, samples=samples, **settings))


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("slots", [4, 256])
def test_generation_gives_the_same_with_and_without(model, monkeypatch, samples, slots):
    given, reads = prompts(7), []
    original = Engine._read

    def read(self, ids, lengths, *rest, **settings):
        reads.append(int(lengths.sum()))
        return original(self, ids, lengths, *rest, **settings)

    monkeypatch.setattr(Engine, "_read", read)
    shared = played(model, given, samples, slots=slots)
    few = sum(reads)
    reads.clear()
    monkeypatch.setattr("minirl.generate.text.SHARED", 1000)
    whole = played(model, given, samples, slots=slots)
    assert few == sum(reads) - 6 * common_beginning([prompt[:-1] for prompt in given])
    for one, other in zip(shared, whole, strict=True):
        assert np.array_equal(one.ids, other.ids) and np.array_equal(one.prompt, other.prompt)
        assert np.array_equal(one.log_probs, other.log_probs)


def test_a_prompt_that_is_the_beginning_of_others_is_completed_too(model):
    given = [SHOWN, *prompts(3), SHOWN[:70]]
    alone = [played(model, [prompt], 1)[0] for prompt in given]
    for one, problem in zip(played(model, given, 1), range(5), strict=True):
        assert one.problem == problem and len(one.prompt) == len(given[problem])
    assert np.array_equal(played(model, given, 1)[0].ids, alone[0].ids)  # the first has the same random numbers


def episodes(model, given, samples):
    return [
        Episode(ROGER, row.prompt, row.ids, row.log_probs, float(row.sample % 2), row.finished, "", row.forced)
        for row in played(model, given, samples)
    ]


def gradient(model, made, A, most=10_000):
    model.zero_grad()
    total = 0.0
    for batch in batches(made, A, most):
        loss, _ = policy_loss(model, batch, len(made), RLConfig())
        loss.backward()
        total += loss.item()
    return total, [p.grad.copy() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("most", [150, 10_000])
def test_updates_are_the_same_with_and_without(model, monkeypatch, most):
    made = episodes(model, prompts(6), 2)
    A = RNG.standard_normal(len(made)).astype(np.float32)
    assert shared_tokens(made) >= len(SHOWN)
    loss, shared = gradient(model, made, A, most)
    tokens = sum(len(batch.ids) for batch in batches(made, A, most))
    monkeypatch.setattr("minirl.rl.batch.shared_tokens", lambda episodes: 0)
    expected, whole = gradient(model, made, A)
    assert sum(len(batch.ids) for batch in batches(made, A, 10_000)) > tokens
    assert loss == pytest.approx(expected, abs=1e-5)
    for one, other in zip(shared, whole, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_log_probs_come_back_by_episode(model):
    made = episodes(model, prompts(5), 2)
    batch = make_batch(made, np.ones(len(made)), shared_tokens(made))
    assert batch.prefixes.tolist() == [-1] + [0] * 10
    for found, episode in zip(by_episode(batch, action_log_probs(model, batch, 1.0)), made, strict=True):
        np.testing.assert_allclose(found, episode.log_probs, atol=1e-4)


def test_nothing_is_shared_where_it_would_not_pay(model):
    different = [np.concatenate([SHOWN[:2], RNG.integers(0, 40, 20)]).astype(np.int32) for _ in range(4)]
    assert shared_tokens(episodes(model, different, 1)) == 0  # too little in common
    assert shared_tokens(episodes(model, prompts(1), 4)) == 0  # one prompt is stored once anyway
    many = episodes(model, prompts(2), 12)  # the rest of the prompt would be repeated for each sample
    assert shared_tokens(many) in (0, common_beginning([e.prompt[:-1] for e in many]))
    assert common_beginning([]) == 0 and common_beginning([SHOWN, SHOWN[:3]]) == 3
