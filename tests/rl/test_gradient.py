"""Is the policy gradient the gradient of the expected reward? Every trajectory of a tiny model is enumerated to know.

Five tokens and at most three actions make 85 trajectories a prompt, so J = sum_tau p(tau) R(tau) and its gradient can
be computed without sampling, by differentiating J itself, with none of the code under test. The code under test then
estimates the gradient from sampled episodes, several thousand times, and a statistical test compares the mean.

The test: the mean of the estimates is projected on DIRECTIONS fixed random directions and on the true gradient. If the
estimator is unbiased each projection's z = (mean - truth) / standard error is normal (its error is a mean of REPEATS
independent values), so |z| > LIMIT happens by chance with probability ERROR in all of them together (Bonferroni).
"""

import functools
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from minirl.bugs import planted
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.rl import Episode, RLConfig, reinforce_step
from minirl.rl import batch as batch_module
from minirl.rl import passes as passes_module
from minirl.rl import reinforce as reinforce_module
from minirl.tensor import Tensor

V, END, HORIZON, SAMPLES = 5, 0, 3, 8
PROMPTS = [np.array([1, 3], np.int32), np.array([4, 2, 2], np.int32)]
TEMPERATURE = 0.7
REPEATS, DIRECTIONS, ERROR = 1500, 15, 1e-6
LIMIT = NormalDist().inv_cdf(1 - ERROR / (2 * (DIRECTIONS + 1)))


@functools.cache
def tiny():
    model = GPT(GPTConfig(V, 6, n_layer=1, n_head=1, d_model=4, d_ff=8, bias=False), seed=1)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 25  # a policy with clear preferences
    return model


# For each prompt, which actions are rewarded. With "far apart" the first prompt is easy (right in 0.92 of the samples)
# and the second hard (0.40); with "both easy" the shares are 0.73 and 0.90.
REWARDS = {
    "far apart": (lambda actions: 2 not in actions, lambda actions: actions[-1] == 3),
    "both easy": (lambda actions: 3 in actions, lambda actions: 0 not in actions),
}


def trajectories(end):
    """Every sequence of actions: those that end with `end`, and those of HORIZON actions."""

    def grow(actions):
        if len(actions) == HORIZON or (actions and actions[-1] == end):
            yield actions
        else:
            for action in range(V):
                yield from grow((*actions, action))

    return list(grow(()))


def log_probs(model, prompt, actions):
    """log p of each trajectory, (number,): plain log softmax of the logits, one length at a time."""
    ids = np.array([[*prompt, *a] for a in actions], np.int32)
    n = len(actions[0])
    logits = model(ids[:, :-1])[:, len(prompt) - 1 :] * (1 / TEMPERATURE)
    log_pi = logits - logits.exp().sum(axis=-1, keepdims=True).log()
    rows, steps = np.indices((len(ids), n))
    return log_pi[rows, steps, ids[:, len(prompt) :]].sum(axis=1)


@functools.cache
def truth(end=END, rewards="far apart"):
    """The gradient of J as one vector; J is the expected reward of an episode of a prompt drawn evenly."""
    model = tiny()
    model.zero_grad()
    J, total = Tensor(0.0), 0.0
    for index, prompt in enumerate(PROMPTS):
        for n in range(1, HORIZON + 1):
            actions = [a for a in trajectories(end) if len(a) == n]
            if actions:
                p = log_probs(model, prompt, actions).exp()
                total += float(p.data.sum()) / len(PROMPTS)
                J = J + (p * np.array([REWARDS[rewards][index](a) for a in actions], np.float32)).sum() * (
                    1 / len(PROMPTS)
                )
    assert total == pytest.approx(1, abs=1e-4)  # all trajectories were there
    J.backward()
    return flat(model)


def flat(model):
    return np.concatenate([p.grad.ravel().astype(np.float64) for p in model.parameters()])


class Recorder:
    """Stands for the optimizer: keeps the gradient, which is minus that of the objective, and moves nothing."""

    steps = 0

    def __init__(self, model):
        self.model = model

    def step(self, max_norm):
        self.gradient = -flat(self.model)
        return float(np.linalg.norm(self.gradient))

    def zero_grad(self):
        self.model.zero_grad()


@functools.cache
def sampled(end, rewards):
    """REPEATS batches of SAMPLES episodes of each prompt, sampled by the engine."""
    rule = Sampling(TEMPERATURE, max_new_tokens=HORIZON)
    rows = generate_ids(tiny(), PROMPTS, rule, end, seed=11, samples=REPEATS * SAMPLES, slots=1024)
    groups = np.empty((REPEATS, len(PROMPTS), SAMPLES), object)
    for row in rows:
        R = float(REWARDS[rewards][row.problem](row.ids.tolist()))
        forced = np.zeros(len(row.ids), bool)
        episode = Episode(None, row.prompt, row.ids, row.log_probs, R, row.finished, "", forced)
        groups[row.sample // SAMPLES, row.problem, row.sample % SAMPLES] = episode
    return groups.reshape(REPEATS, -1)


def estimates(end=END, rewards="far apart", repeats=REPEATS, **settings):
    """(repeats, parameters): the estimate from each batch."""
    settings = {"samples": SAMPLES, "temperature": TEMPERATURE, "normalise": "episodes", **settings}
    config, recorder = RLConfig(**settings), Recorder(tiny())
    made = np.zeros((repeats, len(truth())))
    for out, episodes in zip(made, sampled(end, rewards)[:repeats], strict=True):
        metrics = reinforce_step(tiny(), recorder, list(episodes), config)
        if metrics["grad_norm"]:
            out[:] = recorder.gradient
    return made


def largest_z(made, expected):
    """The largest |z| over the directions."""
    directions = np.random.default_rng(0).standard_normal((DIRECTIONS, len(expected)))
    directions = np.vstack([directions, expected])
    errors = (made - expected) @ directions.T
    return np.abs(errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / np.sqrt(len(made)))).max()


def variance(made):
    return made.var(axis=0, ddof=1).sum()


# ---- unbiased ----


@pytest.mark.parametrize("kind", ["plain", "leave_one_out"])
def test_the_estimate_is_unbiased(kind):
    assert largest_z(estimates(advantage=kind), truth()) < LIMIT


def test_with_the_batch_mean_as_baseline_it_shrinks_by_the_episodes_own_share_and_does_not_turn():
    own = 1 - 1 / (len(PROMPTS) * SAMPLES)
    assert largest_z(estimates(advantage="batch_mean"), own * truth()) < LIMIT


def test_where_all_episodes_have_the_same_length_so_is_the_sum_over_tokens():
    made = estimates(None, advantage="leave_one_out", normalise="tokens")
    assert largest_z(made, truth(None) / HORIZON) < LIMIT


def test_group_normalisation_is_biased_but_ascends():
    made, gradient = estimates(advantage="group_normalised"), truth()
    mean = made.mean(axis=0)
    assert largest_z(made, gradient) > LIMIT
    assert mean @ gradient > 0.9 * np.linalg.norm(mean) * np.linalg.norm(gradient)


# ---- how much each baseline helps ----


@pytest.mark.slow  # the variance of thousands of gradients
@pytest.mark.parametrize("rewards, batch_mean, leave_one_out", [("both easy", 4.1, 3.3), ("far apart", 1.0, 1.3)])
def test_a_baseline_lowers_the_variance_by_this_factor(rewards, batch_mean, leave_one_out):
    """The batch mean helps where problems are equally hard, not where they are far apart; leave-one-out in both."""
    plain = variance(estimates(rewards=rewards, advantage="plain"))
    assert plain / variance(estimates(rewards=rewards, advantage="batch_mean")) == pytest.approx(batch_mean, rel=0.15)
    assert plain / variance(estimates(rewards=rewards, advantage="leave_one_out")) == pytest.approx(
        leave_one_out, rel=0.15
    )


# ---- each of these bugs must fail ----


def rebuilt(monkeypatch, change):
    """Put a bug into the batches: change(batch) -> the arrays that are wrong, by name."""
    original = batch_module.make_batch

    def make_batch(episodes, advantages, shared):
        batch = original(episodes, advantages, shared)
        return replace(batch, **change(batch))

    monkeypatch.setattr(batch_module, "make_batch", make_batch)


def sign_flipped(monkeypatch):
    original = reinforce_module.advantages
    monkeypatch.setattr(reinforce_module, "advantages", lambda *given: -original(*given))


def targets_unshifted(monkeypatch):
    rebuilt(monkeypatch, lambda batch: {"targets": np.where(batch.targets >= 0, batch.ids, batch.targets)})


def prompt_tokens_included(monkeypatch):
    def change(batch):
        targets, advantages = batch.targets.copy(), batch.advantages.copy()
        for answer, prompt in enumerate(batch.prefixes):
            if prompt >= 0:
                there = slice(batch.starts[prompt], batch.starts[prompt + 1])
                targets[there] = [*batch.ids[there][1:], batch.ids[batch.starts[answer]]]
                advantages[there] += batch.advantages[batch.starts[answer]]
        return {"targets": targets, "advantages": advantages}

    rebuilt(monkeypatch, change)


def advantage_normalised_per_microbatch(monkeypatch):
    original = passes_module.policy_loss

    def policy_loss(model, batch, N, config, reference=None):
        A = batch.advantages
        A = (A - A.mean()) / (A.std() + 1e-6)
        return original(model, replace(batch, advantages=A), N, config)

    monkeypatch.setattr(passes_module, "policy_loss", policy_loss)


def mean_of_microbatches(monkeypatch):
    original = passes_module.policy_loss

    def policy_loss(model, batch, N, config, reference=None):
        return original(model, batch, int((batch.prefixes >= 0).sum()), config)

    monkeypatch.setattr(passes_module, "policy_loss", policy_loss)


# Each with a kind of advantage that shows it. Leave-one-out would hide the prompt's tokens: its advantages sum to 0
# over the samples of a prompt, and so do their pulls on it.
BUGS = [
    (sign_flipped, "leave_one_out"),
    (targets_unshifted, "leave_one_out"),
    (prompt_tokens_included, "plain"),
    (advantage_normalised_per_microbatch, "leave_one_out"),
    (mean_of_microbatches, "leave_one_out"),
]


@pytest.mark.parametrize("bug, kind", BUGS, ids=[bug.__name__ for bug, _ in BUGS])
def test_the_test_fails_with(bug, kind, monkeypatch):
    bug(monkeypatch)
    assert largest_z(estimates(repeats=600, advantage=kind, pass_tokens=40), truth()) > LIMIT


def test_the_test_fails_without_the_temperature():
    with planted("no temperature"):
        assert largest_z(estimates(repeats=600, pass_tokens=40), truth()) > LIMIT


def test_passes_of_any_size_give_the_same_estimate():
    small, large = (estimates(repeats=20, pass_tokens=tokens) for tokens in (4, 4096))
    np.testing.assert_allclose(small, large, atol=1e-6)
