"""Rollouts in batch are the episodes of mdp.py, and their log-probabilities those of the training forward."""

import numpy as np
import pytest
from roger import ANNA, ROGER, make_model

from minirl.generate import Schedule, row_stream
from minirl.rl import Agent, Environment, play, rollout
from minirl.rl.batch import make_batch
from minirl.rl.loss import action_log_probs

PROBLEMS = [ROGER, ANNA, ROGER]


@pytest.fixture(params=["rms rope swiglu", "layer learned gelu"])
def styled(request, tokenizer):
    norm, position, mlp = request.param.split()
    return make_model(tokenizer, norm=norm, position=position, mlp=mlp, dropout=0.1)


@pytest.mark.parametrize("temperature", [1.0, 0.6, 0.0, Schedule(1.5, 0.3, 6), Schedule(0.2, 2.0, 5, "exponential")])
def test_a_rollout_equals_stepping_the_mdp_one_token_at_a_time(styled, tokenizer, chance, temperature):
    episodes = rollout(styled, tokenizer, chance, PROBLEMS, 3, temperature=temperature, max_new_tokens=24, seed=5)
    agent, environment = Agent(styled, tokenizer, temperature), Environment(tokenizer, chance, 24)
    for index, fast in enumerate(episodes):
        problem, sample = divmod(index, 3)
        slow = play(agent, environment, PROBLEMS[problem], row_stream(5, problem, sample))
        assert fast.problem is slow.problem
        for name in ("prompt", "actions", "forced"):
            np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))
        np.testing.assert_allclose(fast.log_probs, slow.log_probs, atol=1e-4)
        assert (fast.reward, fast.finished, fast.text) == (slow.reward, slow.finished, slow.text)


def test_some_rows_end_and_some_are_cut_off_some_are_right_and_some_wrong(model, tokenizer, chance):
    episodes = rollout(model, tokenizer, chance, PROBLEMS, 40, max_new_tokens=24)
    assert {(e.finished, e.reward) for e in episodes} == {(True, 1.0), (True, 0.0), (False, 0.0)}


@pytest.mark.parametrize("temperature", [1.0, 0.6, 0.0, Schedule(1.5, 0.0, 6), Schedule(0.5, 2.0, 5, "exponential")])
def test_its_log_probabilities_are_those_of_the_training_forward(styled, tokenizer, chance, temperature):
    episodes = rollout(styled, tokenizer, chance, PROBLEMS, 4, temperature=temperature, max_new_tokens=24)
    batch = make_batch(episodes, np.ones(len(episodes)))
    np.testing.assert_allclose(action_log_probs(styled, batch, temperature), batch.log_probs, atol=1e-4)
    assert (batch.log_probs < -0.1).any()


def test_a_rows_result_does_not_change_when_the_batch_around_it_does(model, tokenizer, chance):
    alone = rollout(model, tokenizer, chance, [ANNA], 2, max_new_tokens=24, seed=1)
    among = rollout(model, tokenizer, chance, [ANNA, *[ROGER] * 5], 6, max_new_tokens=24, seed=1, slots=7)
    assert len(among) == 36
    for a, b in zip(alone, among[:2], strict=True):
        np.testing.assert_array_equal(a.actions, b.actions)
        np.testing.assert_allclose(a.log_probs, b.log_probs, atol=1e-6)


def test_samples_and_seeds_differ(model, tokenizer, chance):
    """One stream for all samples of a problem would make a group of equal episodes, and nothing to learn from."""
    texts = [e.text for seed in (0, 1, (1, 1)) for e in rollout(model, tokenizer, chance, [ANNA, ANNA], 4, seed=seed)]
    assert len(set(texts)) == len(texts)


def test_a_context_too_short_says_what_to_change(tokenizer, chance):
    model = make_model(tokenizer, context_length=50)
    prompt = len(tokenizer.encode(ROGER.prompt))
    with pytest.raises(ValueError, match=f"set max_new_tokens to {51 - prompt} or less"):
        rollout(model, tokenizer, chance, [ROGER], 1, max_new_tokens=52 - prompt)
    [episode] = rollout(model, tokenizer, chance, [ROGER], 1, max_new_tokens=51 - prompt, temperature=0)
    assert episode.finished or len(episode.actions) == 51 - prompt
