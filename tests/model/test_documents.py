"""Documents end to end in one row: the model computes each as if it were alone."""

from itertools import pairwise

import numpy as np
import pytest

from minirl import functional as F
from minirl import kernels
from minirl.model import GPT

LENGTHS = [7, 1, 24, 0, 18, 3]


@pytest.fixture
def model(config):
    """Weights so large that an attention gone wrong shows."""
    made = GPT(config)
    for p in made.parameters():
        p.data += 0.1 * np.random.default_rng(p.size).standard_normal(p.shape).astype(np.float32)
    return made


@pytest.fixture
def batch():
    """ids, targets of which some do not count, weights, starts."""
    generator, N = np.random.default_rng(0), sum(LENGTHS)
    ids, targets = generator.integers(0, 97, (2, N)).astype(np.int32)
    targets[generator.random(N) < 0.2] = -100
    return ids, targets, generator.standard_normal(N).astype(np.float32), np.cumsum([0, *LENGTHS])


def gradients(model):
    found = [p.grad.copy() for p in model.parameters()]
    model.zero_grad()
    return found


def test_loss_and_gradients_are_the_sum_of_those_of_each_document_alone(model, batch):
    ids, targets, weights, starts = batch
    together = model.loss(ids, targets, weights, starts)
    together.backward()
    found, alone = gradients(model), 0.0
    for start, stop in pairwise(starts):
        if start < stop:
            loss = model.loss(ids[start:stop], targets[start:stop], weights[start:stop])
            loss.backward()
            alone += loss.item()
    assert together.item() == pytest.approx(alone, rel=1e-5, abs=1e-4)
    for one, other in zip(found, gradients(model), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5 * np.abs(other).max())


def test_log_probabilities_are_those_of_each_document_alone(model, batch):
    ids, targets, _, starts = batch
    log_prob, entropy = model.log_prob(ids[None], targets[None], starts.astype(np.int32))
    assert log_prob.shape == entropy.shape == (1, len(ids))
    np.testing.assert_array_equal(model.cross_entropy(ids, targets, starts=starts).log_prob, log_prob.data)
    for start, stop in pairwise(starts):
        if start < stop:
            expected, _ = model.log_prob(ids[start:stop], targets[start:stop])
            np.testing.assert_allclose(log_prob.data[:, start:stop], expected.data, atol=1e-5)


def test_other_tokens_in_one_document_change_no_bit_of_the_others(model, batch):
    ids, targets, _, starts = batch
    before = model.log_prob(ids, targets, starts)[0].data
    for start, stop in ((starts[0], starts[1]), (starts[2], starts[3])):
        changed = ids.copy()
        changed[start:stop] = (changed[start:stop] + 1) % 97
        after = model.log_prob(changed, targets, starts)[0].data
        own = np.zeros(len(ids), bool)
        own[start:stop] = True
        np.testing.assert_array_equal(after[:, ~own], before[:, ~own])
        assert np.abs(after - before)[:, own & (targets >= 0)].min() > 0


def test_a_document_goes_on_from_its_prefix(model, batch):
    """Logits and gradients are those of prefix and document as one, and what they share counts once."""

    def logits(ids, *documents):
        return F.linear(model.hidden(ids, *documents), model.output_weight)[0]

    ids = batch[0][:22]
    starts, prefixes = np.array([0, 7, 10, 10, 21, 22]), np.array([-1, 0, 0, -1, 0], np.int32)
    pull = np.random.default_rng(1).standard_normal((22, 97)).astype(np.float32)
    together = logits(ids, starts, prefixes)
    (together * pull).sum().backward()
    found = gradients(model)
    for start, stop, shared in ((0, 7, 0), (7, 10, 7), (10, 21, 0), (21, 22, 7)):
        alone = logits(np.concatenate([ids[:shared], ids[start:stop]]))[shared:]
        np.testing.assert_allclose(together.data[start:stop], alone.data, atol=5e-5)
        (alone * pull[start:stop]).sum().backward()
    for one, other in zip(found, gradients(model), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5 * np.abs(other).max())


def test_same_bits_for_any_number_of_threads(model, batch):
    threads, results = kernels.get_threads(), []
    try:
        for number in (1, 2, 3, 7):
            kernels.set_threads(number)
            loss = model.loss(*batch)
            loss.backward()
            results.append([loss.data, *gradients(model)])
    finally:
        kernels.set_threads(threads)
    for result in results[1:]:
        for one, other in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_context_limits_each_document_and_not_the_row(config):
    model, ids = GPT(config), np.zeros(2 * 24 + 1, np.int32)
    assert model.hidden(ids, np.array([0, 24, 48, 49])).shape == (1, 49, 32)
    with pytest.raises(ValueError, match="25 tokens are more than the context length, 24"):
        model.hidden(ids, np.array([0, 24, 49]))
    assert model.hidden(ids[:42], np.array([0, 6, 24, 42]), np.array([-1, 0, 0])).shape == (1, 42, 32)
    with pytest.raises(ValueError, match="25 tokens are more than the context length, 24"):
        model.hidden(ids[:42], np.array([0, 6, 23, 42]), np.array([-1, 0, 0]))


def test_starts_that_do_not_fit_the_ids_are_refused(config):
    model, ids = GPT(config), np.zeros((1, 5), np.int32)
    with pytest.raises(ValueError, match="GPT: starts go from 0 to 4; expected from 0 to T=5"):
        model.hidden(ids, np.array([0, 4]))
    with pytest.raises(ValueError, match="GPT: got starts and B=2 rows"):
        model.loss(np.zeros((2, 5), np.int32), np.zeros((2, 5), np.int32), starts=np.array([0, 5]))
    with pytest.raises(TypeError, match="GPT: starts is a float64 array; expected a int64"):
        model.log_prob(ids, ids, np.array([0.0, 5.0]))
    with pytest.raises(ValueError, match=r"GPT: prefixes\[0\] is 0; expected -1 or the number of an earlier document"):
        model.hidden(ids, np.array([0, 5]), np.array([0]))
