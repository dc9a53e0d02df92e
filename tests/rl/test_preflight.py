"""Preflight counts right and wrong samples, and says when there is nothing to learn from."""

import numpy as np
import pytest
from roger import ANNA, ROGER, Notes

from minirl.rl import preflight, rollout
from minirl.rl.preflight import Preflight


def test_it_counts_what_the_rollouts_show(model, tokenizer, chance):
    problems = [ANNA, ROGER, ANNA]
    found = preflight(model, tokenizer, chance, problems, samples=20, max_new_tokens=20, seed=4)
    rewards = np.array([e.reward for e in rollout(model, tokenizer, chance, problems, 20, max_new_tokens=20, seed=4)])
    rewards = rewards.reshape(3, 20)
    assert (found.problems, found.samples) == (3, 20)
    assert found.pass_1 == rewards.mean()
    assert found.pass_k == np.mean([row.any() for row in rewards])
    assert found.informative == np.mean([len(set(row)) == 2 for row in rewards])
    assert found.ready and "has something to learn from" in str(found)


def test_a_model_that_never_succeeds_is_told_to_change_something(model, tokenizer):
    found = preflight(model, tokenizer, Notes(), [ANNA], samples=4, max_new_tokens=3)
    assert found.pass_k == 0 and not found.ready
    assert "next to nothing to learn from" in str(found)
    assert "pass@4" in str(found)


@pytest.mark.parametrize(
    "changes, advice",
    [
        ({"finished": 0.1}, "raise max_new_tokens"),
        ({"pass_1": 0.99}, "harder problems"),
        ({"pass_1": 0.0}, "more demonstrations"),
    ],
)
def test_the_advice_fits_the_cause(changes, advice):
    found = {"pass_1": 0.0, "pass_k": 0.0, "finished": 1.0, "answer_tokens": 9.0, **changes}
    assert advice in Preflight(problems=9, samples=8, informative=0.01, max_new_tokens=40, **found).advice()


def test_without_problems_it_says_so(model, tokenizer):
    with pytest.raises(ValueError, match="there are no problems"):
        preflight(model, tokenizer, Notes(), [])
