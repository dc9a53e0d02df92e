"""The policy gradient with a tool, exactly: every episode of a tiny model is enumerated, and results are forced.

Seven tokens, of which two are letters. The environment here is written again, in a few lines, so that it can disagree
with the code under test. The expected reward J = sum_tau p(tau) R(tau) is differentiated itself. The code under test
gets the episodes, each with the weight p(tau) R(tau): the gradient of J is sum_tau p(tau) R(tau) grad log p(tau).
"""

import functools
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.rl import Episode, RLConfig
from minirl.rl.batch import make_batch
from minirl.rl.loss import policy_loss
from minirl.tensor import Tensor
from minirl.tools import Toolbox
from tests.letters import END, END_RESULT, END_TOOL, RESULT, TOOL, A, B, Letters, Twice, V

HORIZON = 4
PROMPT = np.array([A, B, B], np.int32)
TEMPERATURE = 0.8
SAMPLES, ERROR = 8000, 1e-6


@functools.cache
def tiny():
    model = GPT(GPTConfig(V, 12, n_layer=1, n_head=1, d_model=4, d_ff=8, bias=False), seed=9)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 12
    return model


def reward(ids):
    """Paid is an episode with an odd number of letters, wherever they came from."""
    return float(sum(token in (A, B) for token in ids) % 2)


@functools.cache
def trajectories():
    """(ids, forced, finished) of every episode."""
    found = []

    def grow(ids, forced, begun):
        """begun: where the call that is being written begins, or None."""
        if ids and not forced[-1]:
            last = ids[-1]
            if (
                last in (RESULT, END_RESULT)
                or (last == TOOL and begun != len(ids))
                or (last == END_TOOL and begun is None)
            ):
                return found.append((ids, forced, False))
            if last == END:
                return found.append((ids, forced, begun is None))
            if forced.count(False) == HORIZON:
                return found.append((ids, forced, False))
            if last == END_TOOL:
                result = [RESULT, *([A, A] if ids[begun:-1] == [A] else [B]), END_RESULT]
                return grow(ids + result, forced + [True] * len(result), None)
        for token in range(V):
            grow([*ids, token], [*forced, False], len(ids) + 1 if token == TOOL and begun is None else begun)

    grow([], [], None)
    return found


@functools.cache
def probabilities():
    """p(tau) of every trajectory as one Tensor (number,): only what was sampled has a probability."""
    model, found = tiny(), trajectories()
    longest = max(len(ids) for ids, _, _ in found)
    tokens, chosen = np.zeros((len(found), longest), np.int32), np.zeros((len(found), longest), np.float32)
    for row, picked, (ids, forced, _) in zip(tokens, chosen, found, strict=True):
        row[: len(ids)], picked[: len(ids)] = ids, ~np.array(forced)
    whole = np.concatenate([np.tile(PROMPT, (len(found), 1)), tokens], axis=1)
    logits = model(whole[:, :-1])[:, len(PROMPT) - 1 :] * (1 / TEMPERATURE)
    log_pi = logits - logits.exp().sum(axis=-1, keepdims=True).log()
    rows, steps = np.indices(tokens.shape)
    return (log_pi[rows, steps, tokens] * chosen).sum(axis=1).exp()


def flat(model):
    return np.concatenate([p.grad.ravel().astype(np.float64) for p in model.parameters()])


@functools.cache
def truth():
    model = tiny()
    model.zero_grad()
    p = probabilities()
    assert p.data.sum() == pytest.approx(1, abs=1e-5)  # all trajectories are there
    (p * Tensor(np.array([reward(ids) for ids, _, _ in trajectories()], np.float32))).sum().backward()
    found = flat(model)
    model.zero_grad()
    return found


def estimate(change=lambda episode: episode):
    """The gradient of the code under test, over all episodes weighted by p R."""
    model, p = tiny(), probabilities().data
    episodes = [
        Episode(
            None,
            PROMPT,
            np.array(ids, np.int32),
            np.zeros(len(ids), np.float32),
            reward(ids),
            done,
            "",
            np.array(forced),
        )
        for ids, forced, done in trajectories()
    ]
    weights = p * np.array([episode.reward for episode in episodes])
    batch = make_batch([change(episode) for episode in episodes], weights)
    policy_loss(model, batch, 1, RLConfig(temperature=TEMPERATURE))[0].backward()
    found = -flat(model)
    model.zero_grad()
    return found


def test_there_is_something_to_see():
    found = trajectories()
    paid = probabilities().data * np.array([reward(ids) for ids, _, _ in found])
    called = np.array([any(forced) for _, forced, _ in found])
    assert len(found) > 200 and paid[called].sum() > 0.01 and paid[~called].sum() > 0.01


def test_the_gradient_is_that_of_the_expected_reward():
    np.testing.assert_allclose(estimate(), truth(), atol=1e-5 * np.abs(truth()).max())


def test_it_would_not_be_if_results_carried_a_gradient():
    wrong = estimate(lambda episode: replace(episode, forced=np.zeros(len(episode.actions), bool)))
    assert np.abs(wrong - truth()).max() > 0.01 * np.abs(truth()).max()


def test_the_engine_samples_each_episode_with_its_probability():
    box = Toolbox(Letters(), [Twice()])
    rule = Sampling(TEMPERATURE, max_new_tokens=HORIZON)
    rows = generate_ids(tiny(), [PROMPT], rule, END, seed=4, samples=SAMPLES, slots=1024, tools=box)
    places = {(tuple(ids), tuple(forced), finished): i for i, (ids, forced, finished) in enumerate(trajectories())}
    counts = np.zeros(len(places))
    for row in rows:
        counts[places[tuple(row.ids.tolist()), tuple(row.forced.tolist()), row.finished]] += 1
    p = probabilities().data.astype(np.float64)
    expected = SAMPLES * p
    z = (counts - expected)[expected > 20] / np.sqrt(expected * (1 - p))[expected > 20]
    assert len(z) > 20
    assert np.abs(z).max() < NormalDist().inv_cdf(1 - ERROR / (2 * len(z)))
