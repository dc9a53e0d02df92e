"""Rehearsal of a policy's own answers: nothing to learn where nothing has changed, and a pull back where it has."""

import numpy as np
import pytest

from minirl.data import Document, pack
from minirl.model import GPT, GPTConfig
from minirl.optim import SGD
from minirl.rl.own_answers import OwnAnswers, remember

CONFIG = GPTConfig.llama(vocab_size=30, context_length=24, n_layer=2, n_head=2, d_model=16, d_ff=24)
RNG = np.random.default_rng(2)


def documents():
    found = []
    for length in (9, 12, 7):
        weights = np.zeros(length, np.float32)
        weights[4:] = 1
        found.append(Document(RNG.integers(0, 30, length).astype(np.int32), weights))
    return found


BATCH = pack(documents()).normalised()


def policy(seed=1):
    return GPT(CONFIG, seed=seed, std=0.3).eval()


def answers(start, sharpening=0.0):
    return OwnAnswers(BATCH, remember(start, BATCH), start.output_weight.data.copy(), sharpening)


def log_pi(model):
    h = model.hidden(BATCH.ids, BATCH.starts).data[0][np.flatnonzero(BATCH.weights)]
    z = (h @ model.output_weight.data.T).astype(np.float64)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def test_at_the_start_the_loss_is_zero_and_has_no_gradient():
    model = policy()
    loss = answers(model).loss(model)
    loss.backward()
    assert abs(loss.item()) < 1e-5
    assert max(np.abs(p.grad).max() for p in model.parameters() if p.grad is not None) < 1e-5


@pytest.mark.parametrize("sharpening", [0.0, 0.3])
def test_elsewhere_it_is_the_divergence_from_the_targets(sharpening):
    start, model = policy(), policy(seed=5)
    target = (1 - sharpening) * np.exp(log_pi(start))
    at = np.flatnonzero(BATCH.weights)
    target[np.arange(len(at)), BATCH.targets[at]] += sharpening
    expected = (BATCH.weights[at][:, None] * target * (np.log(target) - log_pi(model))).sum()
    assert answers(start, sharpening).loss(model).item() == pytest.approx(expected, rel=1e-4)
    assert expected > 0.1


def test_its_gradient_is_its_slope():
    start, model = policy(), policy(seed=5)
    own = answers(start, 0.1)
    own.loss(model).backward()
    parameter = model.blocks[1].mlp.up.weight
    direction, middle = RNG.standard_normal(parameter.shape).astype(np.float32), parameter.data.copy()
    found = []
    for sign in (1, -1):
        parameter.data[...] = middle + np.float32(sign * 3e-3) * direction
        found.append(own.loss(model).item())
    assert (found[0] - found[1]) / 6e-3 == pytest.approx(float((parameter.grad * direction).sum()), rel=0.02)


def test_sharpening_makes_the_own_answer_likelier():
    start, model = policy(), policy()
    own, optimizer = answers(start, 0.5), SGD(model.parameters(), lr=0.5)
    at = np.flatnonzero(BATCH.weights)
    before = log_pi(model)[np.arange(len(at)), BATCH.targets[at]].mean()
    for _ in range(20):
        own.loss(model).backward()
        optimizer.step(1.0)
        optimizer.zero_grad()
    assert log_pi(model)[np.arange(len(at)), BATCH.targets[at]].mean() > before + 0.3
