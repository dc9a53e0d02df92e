"""Expert iteration: which answers are kept, that learning from them is fine-tuning, and that it raises the reward."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from roger import ANNA, ROGER, make_model

from minirl.data import Document, pack
from minirl.optim import AdamW
from minirl.rl import Episode, RLConfig, rollout
from minirl.rl.expert_iteration import expert_iteration_step, kept
from minirl.rl.reinforce import reinforce, reinforce_step

CONFIG = RLConfig(method="expert_iteration", samples=4, max_new_tokens=16)


def episode(problem, actions, reward):
    ids = np.array(actions, np.int32)
    prompt, forced = np.array([1, 2], np.int32), np.zeros(len(ids), bool)
    return Episode(problem, prompt, ids, np.zeros(len(ids), np.float32), reward, True, "", forced)


some = st.builds(
    episode,
    st.sampled_from([ROGER, ANNA]),
    st.lists(st.integers(0, 2), min_size=1, max_size=2),
    st.sampled_from([0.0, 1.0]),
)


@given(st.lists(some, max_size=20))
def test_every_right_answer_of_a_problem_is_kept_once_and_nothing_else(episodes):
    keep = kept(episodes)
    assert set(keep) <= {0, 1}
    chosen = [(e.problem, tuple(e.actions)) for e, wanted in zip(episodes, keep, strict=True) if wanted]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) == {(e.problem, tuple(e.actions)) for e in episodes if e.reward}


@pytest.fixture
def episodes(model, tokenizer, chance):
    made = rollout(model, tokenizer, chance, [ROGER, ANNA, ANNA], 4, max_new_tokens=16, seed=2)
    return [replace(e, reward=float(i % 3 == 0)) for i, e in enumerate(made)]


class Still:
    """An optimizer that keeps the gradients and moves nothing."""

    steps = 0

    def __init__(self, model):
        self.model = model

    def step(self, max_norm):
        self.gradients = {name: p.grad.copy() for name, p in self.model.named_parameters()}
        return 1.0

    def zero_grad(self):
        self.model.zero_grad()


def test_its_gradient_is_that_of_fine_tuning_on_the_right_answers(model, episodes):
    optimizer = Still(model)
    episodes[3] = episodes[0]  # a right answer once more
    metrics = expert_iteration_step(model, optimizer, episodes, CONFIG)
    right = [episodes[i] for i in (0, 6, 9)]
    documents = [
        Document(np.concatenate([e.prompt, e.actions]), np.repeat(np.float32([0, 1]), [len(e.prompt), len(e.actions)]))
        for e in right
    ]
    loss = model.loss(*pack(documents).normalised())
    loss.backward()
    assert metrics["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert metrics["kept"] == 3 / 12
    for name, p in model.named_parameters():
        np.testing.assert_allclose(optimizer.gradients[name], p.grad, atol=1e-6, err_msg=name)


def test_where_nothing_is_right_the_model_stays_as_it_is(model, episodes):
    before = {name: x.copy() for name, x in model.state_dict().items()}
    wrong = [replace(e, reward=0.0) for e in episodes]
    metrics = expert_iteration_step(model, AdamW(model.parameters(), lr=1.0), wrong, CONFIG)
    assert (metrics["kept"], metrics["loss"], metrics["grad_norm"]) == (0, 0, 0)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_passes_and_rehearsal(model, episodes):
    document = Document(np.concatenate([episodes[1].prompt, episodes[1].actions]), np.float32([1]))
    document = document._replace(weights=np.ones(len(document.ids), np.float32))
    rehearsal = pack([document]).normalised()
    optimizer = AdamW(model.parameters(), lr=1e-3)
    metrics = expert_iteration_step(model, optimizer, episodes, replace(CONFIG, updates=3), None, rehearsal)
    assert optimizer.steps == 3
    assert metrics["rehearsal_loss"] > 0


def test_it_reports_what_reinforce_does_and_what_was_kept(tokenizer, chance):
    reports = []
    usual = RLConfig(samples=4, max_new_tokens=16)
    for update, config in ((reinforce_step, usual), (expert_iteration_step, CONFIG)):
        model = make_model(tokenizer)
        optimizer = AdamW(model.parameters(), lr=1e-3)
        start = make_model(tokenizer)
        _, metrics = reinforce(
            model, optimizer, tokenizer, chance, [ROGER, ANNA], config, seed=1, reference=start, update=update
        )
        reports.append(metrics)
    assert reports[1].keys() == reports[0].keys() | {"kept"}
    assert reports[1]["reward"] == reports[0]["reward"]  # of the same episodes


def test_it_raises_the_reward(tokenizer, chance):
    model = make_model(tokenizer)
    optimizer = AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.99))
    config = replace(CONFIG, samples=8, updates=2)
    rewards = [
        reinforce(
            model, optimizer, tokenizer, chance, [ROGER, ANNA] * 4, config, seed=step, update=expert_iteration_step
        )[1]["reward"]
        for step in range(30)
    ]
    assert np.mean(rewards[-5:]) > np.mean(rewards[:5]) + 0.2


def test_settings_without_a_meaning_here_are_refused():
    for settings in ({"kl": 0.1}, {"clip": 0.2}):
        with pytest.raises(ValueError, match="expert iteration uses neither"):
            RLConfig(method="expert_iteration", **settings)
    RLConfig(method="expert_iteration", updates=4, samples=1)
    with pytest.raises(ValueError, match="method is 'grpo'"):
        RLConfig(method="grpo")
