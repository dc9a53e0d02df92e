"""DPO: its gradient is that of the loss as the paper writes it, pairs stand within problems, and it learns them."""

from dataclasses import replace

import numpy as np
import pytest
from roger import ANNA, ROGER, make_model

from minirl.autograd import no_grad
from minirl.optim import AdamW
from minirl.preferences import Pair
from minirl.rl import RLConfig, rollout
from minirl.rl.dpo import couples, dpo_step, fit_pairs, sequence_log_probs
from minirl.rl.reinforce import reinforce

CONFIG = RLConfig(samples=4, method="dpo", dpo_beta=0.3)


@pytest.fixture
def reference(tokenizer):
    return make_model(tokenizer, seed=4)


@pytest.fixture
def episodes(model, tokenizer, chance):
    made = rollout(model, tokenizer, chance, [ROGER, ANNA, ANNA], 4, max_new_tokens=12, seed=2)
    return [replace(e, reward=float(i % 4 == 0 and i < 8)) for i, e in enumerate(made)]


class Still:
    """An optimizer that keeps the gradient and moves nothing."""

    steps = 0

    def __init__(self, model):
        self.model = model

    def step(self, max_norm):
        self.gradient = np.concatenate([p.grad.ravel() for p in self.model.parameters()])
        return 1.0

    def zero_grad(self):
        self.model.zero_grad()


def log_prob(model, episode):
    ids = np.concatenate([episode.prompt, episode.actions])
    found, _ = model.log_prob(ids[:-1], ids[1:])
    return found[0, len(episode.prompt) - 1 :].sum()


def test_the_gradient_is_that_of_the_loss_as_the_paper_writes_it(model, reference, episodes):
    optimizer = Still(model)
    metrics = dpo_step(model, optimizer, episodes, CONFIG, reference)
    pairs = couples(np.array([e.reward for e in episodes]).reshape(-1, 4))
    assert len(pairs) == 6 and sum(p.weight for p in pairs) == pytest.approx(1)
    total = 0.0
    for w, l_, weight in pairs:
        with no_grad():
            start = (log_prob(reference, episodes[w]) - log_prob(reference, episodes[l_])).item()
        margin = (log_prob(model, episodes[w]) - log_prob(model, episodes[l_]) - start) * 0.3
        loss = ((-margin).exp() + 1).log() * weight
        loss.backward()
        total += loss.item()
    by_hand = np.concatenate([p.grad.ravel() for p in model.parameters()])
    assert metrics["loss"] == pytest.approx(total, rel=1e-4)
    np.testing.assert_allclose(optimizer.gradient, by_hand, atol=1e-4 * np.abs(by_hand).max())


def test_pairs_stand_within_problems():
    found = couples(np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.2, 0.1, 0.3]]))
    assert {(p.chosen, p.rejected) for p in found} == {(0, 1), (0, 2), (6, 7), (8, 6), (8, 7)}
    assert sum(p.weight for p in found if p.chosen == 0) == pytest.approx(0.5)
    assert couples(np.ones((2, 3))) == []


def test_without_pairs_the_model_stays(model, reference, episodes):
    before = [p.data.tobytes() for p in model.parameters()]
    same = [replace(e, reward=1.0) for e in episodes]
    metrics = dpo_step(model, AdamW(model.parameters()), same, CONFIG, reference)
    assert [p.data.tobytes() for p in model.parameters()] == before
    assert metrics["grad_norm"] == 0 and "margin" not in metrics
    with pytest.raises(ValueError, match="pass reference="):
        dpo_step(model, AdamW(model.parameters()), same, CONFIG)


def test_it_comes_to_prefer_the_chosen_answers(tokenizer, model):
    pairs = [Pair(p.prompt, " 4 pens.\nAnswer: 4", " 5 cans.\nAnswer: 5") for p in (ROGER, ANNA)]
    pairs.append(Pair("tie:", " a", " b", tie=True))
    start = make_model(tokenizer)
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    metrics = fit_pairs(model, optimizer, tokenizer, pairs, replace(CONFIG, updates=8), start)
    assert metrics["preferred"] == 1 and metrics["margin"] > 0.5


def test_online_it_is_an_update_like_others(tokenizer, model, chance, reference):
    made, metrics = reinforce(
        model, AdamW(model.parameters(), lr=1e-3), tokenizer, chance, [ROGER, ANNA], replace(CONFIG, max_new_tokens=40),
        seed=3, reference=reference, update=dpo_step,
    )  # fmt: skip
    assert {"reward", "loss", "margin", "preferred", "kl_to_start", "update_seconds"} <= metrics.keys()
    assert sequence_log_probs(model, made, CONFIG).shape == (8,)
