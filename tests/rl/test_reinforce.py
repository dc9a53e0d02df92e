"""The update: which tokens carry gradient, what the options change, what it reports, what it refuses."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from roger import ANNA, ROGER, Notes, make_model

from minirl.data import Document, pack
from minirl.optim import AdamW
from minirl.rl import Episode, NonFiniteError, RLConfig, reinforce_step, rollout
from minirl.rl.batch import Batch, batches, make_batch, merge_equal
from minirl.rl.expert_iteration import expert_iteration_step
from minirl.rl.loss import action_log_probs, policy_loss, token_weights
from minirl.rl.measures import kl_to
from minirl.rl.reinforce import normaliser, reinforce


@pytest.fixture
def episodes(model, tokenizer, chance):
    made = rollout(model, tokenizer, chance, [ROGER, ANNA, ANNA], 4, max_new_tokens=16, seed=2)
    return [replace(e, reward=float(i % 3 == 0)) for i, e in enumerate(made)]  # an untrained model earns too few


@pytest.fixture
def reference(tokenizer):
    return make_model(tokenizer, seed=4)


class Still:
    """An optimizer that keeps the gradients and moves nothing."""

    steps = 0

    def __init__(self, model):
        self.model = model

    def step(self, max_norm):
        self.gradients = {name: p.grad.copy() for name, p in self.model.named_parameters() if p.grad is not None}
        return 1.0

    def zero_grad(self):
        self.model.zero_grad()


def gradients(model, episodes, reference=None, **settings):
    optimizer = Still(model)
    metrics = reinforce_step(model, optimizer, episodes, RLConfig(samples=4, **settings), reference)
    return optimizer.gradients, metrics


def assert_equal(a, b, atol=1e-6):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], atol=atol, err_msg=name)


# ---- the loss ----


def test_it_is_the_loss_of_pretraining_with_advantages_as_weights(model, episodes):
    A = np.linspace(-1, 1, len(episodes)).astype(np.float32)
    loss, _ = policy_loss(model, make_batch(episodes, A), 7, RLConfig())
    assert loss.item() == pytest.approx(losses_alone(model, episodes, A / 7), abs=1e-6)


def losses_alone(model, episodes, weights):
    """The sum of the losses of whole episodes, one by one, each times its weight; the model keeps the gradients."""
    total = 0.0
    for e, weight in zip(episodes, weights, strict=True):
        ids = np.concatenate([e.prompt, e.actions])
        targets = ids[1:].copy()
        targets[: len(e.prompt) - 1], targets[len(e.prompt) - 1 :][e.forced] = -100, -100
        loss = model.loss(ids[:-1], targets, np.full(len(targets), weight))
        loss.backward()
        total += loss.item()
    return total


@pytest.mark.parametrize("style", [("rms", "rope", "swiglu", 2), ("layer", "learned", "gelu", 4)])
def test_sharing_the_prompt_changes_neither_log_probabilities_nor_gradients(style, tokenizer, chance):
    """Groups of any size: samples without an advantage have been left out before."""
    norm, position, mlp, n_kv_head = style
    styled = make_model(tokenizer, norm=norm, position=position, mlp=mlp, n_head=4, n_kv_head=n_kv_head)
    made = rollout(styled, tokenizer, chance, [ROGER, ANNA], 4, max_new_tokens=16, seed=3)
    chosen = [made[i] for i in (0, 1, 3, 4)]
    A = np.array([1, -0.5, 2, 0.7], np.float32)
    batch = make_batch(chosen, A)
    assert batch.prefixes.tolist() == [-1, 0, 0, 0, -1, 4]
    assert len(batch.ids) == sum(len(e.actions) for e in chosen) + sum(len(made[i].prompt) - 1 for i in (0, 4))

    found = action_log_probs(styled, batch, 1.0)[batch.targets != -100]
    np.testing.assert_allclose(found, np.concatenate([log_probs_now(styled, e) for e in chosen]), atol=1e-5)
    policy_loss(styled, batch, 1, RLConfig())[0].backward()
    shared = {name: p.grad.copy() for name, p in styled.named_parameters()}
    styled.zero_grad()
    losses_alone(styled, chosen, A)
    for name, p in styled.named_parameters():
        np.testing.assert_allclose(shared[name], p.grad, rtol=1e-3, atol=2e-5 * np.abs(p.grad).max(), err_msg=name)


def test_targets_are_the_actions_and_nothing_else(episodes):
    batch = make_batch(episodes, np.ones(len(episodes)))
    at = [slice(start, stop) for start, stop in pairwise(batch.starts)]
    answers = np.flatnonzero(batch.prefixes >= 0)
    for answer, e in zip(answers, episodes, strict=True):
        prompt, own = at[batch.prefixes[answer]], at[answer]
        read = np.concatenate([batch.ids[prompt], batch.ids[own]])
        np.testing.assert_array_equal(read, np.concatenate([e.prompt, e.actions])[:-1])
        np.testing.assert_array_equal(batch.targets[own], e.actions)
        np.testing.assert_array_equal(batch.log_probs[own], e.log_probs)
        assert (batch.advantages[own] == 1).all()
        assert (batch.targets[prompt] == -100).all()
        assert not batch.log_probs[prompt].any() and not batch.advantages[prompt].any()


def test_forced_tokens_carry_no_gradient(model, episodes):
    """They are read, as part of the state, but their own log pi is not pulled on."""
    forced = [replace(e, forced=np.arange(len(e.actions)) % 3 == 1) for e in episodes]
    A = np.linspace(-1, 1, len(episodes)).astype(np.float32)
    losses_alone(model, forced, A)
    expected = {name: p.grad.copy() for name, p in model.named_parameters()}
    model.zero_grad()
    policy_loss(model, make_batch(forced, A), 1, RLConfig())[0].backward()
    assert_equal({name: p.grad for name, p in model.named_parameters()}, expected, atol=1e-5)
    assert normaliser(forced, "tokens") == sum((~e.forced).sum() for e in forced)


@given(st.integers(1, 300))
def test_batches_hold_every_episode_once_within_the_limit(most):
    rng = np.random.default_rng(most)
    made = []
    for group in range(5):
        prompt = np.full(rng.integers(1, 20), group)
        for _ in range(rng.integers(1, 5)):
            n = rng.integers(1, 20)
            made.append(Episode(None, prompt, np.full(n, len(made)), np.zeros(n), 0.0, True, "", np.zeros(n, bool)))
    found = list(batches(made, np.arange(len(made)), most))
    order = [batch.targets[batch.starts[i]] for batch in found for i in np.flatnonzero(batch.prefixes >= 0)]
    assert order == list(range(len(made)))
    for batch in found:
        assert len(batch.ids) <= most or (batch.prefixes >= 0).sum() == 1
        acted = batch.targets != -100
        np.testing.assert_array_equal(batch.targets[acted], batch.advantages[acted])
    for group in range(5):
        same = [e for e in made if e.prompt[0] == group]
        together = len(same[0].prompt) - 1 + sum(len(e.actions) for e in same) <= most
        assert sum(group in batch.ids[batch.starts[:-1]] for batch in found) == 1 or not together


def test_rows_without_advantage_are_skipped_and_count_all_the_same(model, episodes):
    """Adding a group whose samples are all right changes N and nothing else."""
    right = [replace(e, reward=1.0) for e in episodes[:4]]
    mixed = [replace(e, reward=float(i % 2)) for i, e in enumerate(episodes[4:8])]
    alone, _ = gradients(model, mixed, normalise="episodes")
    both, metrics = gradients(model, right + mixed, normalise="episodes")
    assert_equal(both, {name: g / 2 for name, g in alone.items()})
    assert metrics["informative"] == 0.5


@pytest.mark.parametrize("settings", [{}, {"kl": 0.1}, {"clip": 0.2}])
def test_equal_answers_computed_once_give_the_same_gradient(model, episodes, reference, settings):
    """Three of four samples are equal, and two problems have the same answers."""
    copies = [replace(e, reward=r) for e, r in zip(episodes[0:1] * 3 + episodes[1:2], [1, 1, 1, 0], strict=True)]
    other = [replace(e, prompt=episodes[4].prompt) for e in copies[2:]]  # is another episode after another prompt
    all_episodes = [*copies, *other, *episodes[6:8]]
    expected, each = gradients(model, all_episodes, reference, **settings)
    found, once = gradients(model, all_episodes, reference, merge_equal=True, **settings)
    assert_equal(found, expected)
    assert abs(once["loss"] - each["loss"]) < 1e-6 and once["reward"] == each["reward"]
    _, distinct = merge_equal(all_episodes, np.ones(8, np.float32))
    assert [float(n) for n in distinct] == [3, 1, 1, 1, 1, 1]


def test_where_all_rewards_are_equal_the_model_stays_as_it_is(model, episodes):
    optimizer = AdamW(model.parameters(), lr=0.1)
    before = {name: x.copy() for name, x in model.state_dict().items()}
    metrics = reinforce_step(model, optimizer, [replace(e, reward=1.0) for e in episodes], RLConfig(samples=4))
    assert_equal(model.state_dict(), before, atol=0)
    assert (metrics["informative"], metrics["grad_norm"], metrics["reward"]) == (0, 0, 1)
    assert optimizer.steps == 0


def test_normalising_by_tokens_and_by_episodes_differ_by_the_mean_length(model, episodes):
    by_token, _ = gradients(model, episodes)
    by_episode, _ = gradients(model, episodes, normalise="episodes")
    length = np.mean([len(e.actions) for e in episodes])
    assert_equal(by_episode, {name: g * np.float32(length) for name, g in by_token.items()}, atol=1e-5)


# ---- clipping and KL ----


def objective(log_pi, old, reference, A, clip, kl):
    """What one action contributes, as the papers write it, in float64."""
    ratio, log_q = np.exp(log_pi - old), reference - log_pi
    return min(ratio * A, np.clip(ratio, 1 - clip, 1 + clip) * A) - kl * (np.exp(log_q) - log_q - 1)


@given(*[st.floats(-3, -0.01)] * 3, st.sampled_from([-1.5, 0.7]), st.floats(0.05, 0.4), st.floats(0.01, 1))
def test_weights_are_the_derivative_of_the_clipped_objective_with_kl(log_pi, old, reference, A, clip, kl):
    corner = [abs(np.exp(log_pi - old) - edge) < 1e-3 for edge in (1 - clip, 1 + clip)]
    if any(corner):
        return  # there the derivative jumps
    one = np.ones(1, np.float32)
    batch = Batch(
        np.zeros(1, np.int32),
        np.zeros(1, np.int32),
        A * one,
        old * one,
        np.array([0, 1]),
        np.array([-1]),
        np.array([1]),
    )
    found, _ = token_weights(A * one, log_pi * one, batch, RLConfig(clip=clip, kl=kl), reference * one)
    step = 1e-5
    difference = [objective(log_pi + d, old, reference, A, clip, kl) for d in (step, -step)]
    assert found.item() == pytest.approx((difference[0] - difference[1]) / (2 * step), rel=1e-3, abs=1e-4)


def test_on_the_first_update_clipping_changes_nothing(model, episodes):
    plain, _ = gradients(model, episodes)
    clipped, metrics = gradients(model, episodes, clip=0.2)
    assert_equal(plain, clipped, atol=1e-4)
    assert metrics["clipped"] == 0


def test_later_updates_clip_and_so_stay_near(model, tokenizer, episodes):
    optimizer = AdamW(model.parameters(), lr=0.02, weight_decay=0)
    metrics = reinforce_step(model, optimizer, episodes, RLConfig(samples=4, clip=0.1, updates=6))
    assert optimizer.steps == 6
    assert metrics["clipped"] > 0.05


def test_the_kl_term_pulls_towards_the_reference(model, episodes, reference):
    same = [replace(e, reward=1.0) for e in episodes]  # no advantage: only the KL term acts
    config = RLConfig(samples=4, kl=0.5)
    before = kl_to(reference, episodes, config)
    _, metrics = gradients(model, same, reference, kl=0.5)
    assert metrics["kl_to_start"] > 0 and before > 0
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0)
    for _ in range(4):
        reinforce_step(model, optimizer, same, config, reference)
    relabelled = [replace(e, log_probs=log_probs_now(model, e)) for e in episodes]
    assert kl_to(reference, relabelled, config) < 0.9 * before


def log_probs_now(model, episode):
    log_pi = model(np.concatenate([episode.prompt, episode.actions[:-1]])).data[0, len(episode.prompt) - 1 :]
    log_pi = log_pi - np.log(np.exp(log_pi).sum(axis=-1, keepdims=True))
    return log_pi[np.arange(len(log_pi)), episode.actions]


def test_kl_to_start_estimates_the_kl_divergence(model, tokenizer, chance, reference):
    """One action only, so that the divergence can be computed from the two policies."""
    config = RLConfig(temperature=0.8)
    made = rollout(model, tokenizer, chance, [ANNA], 1000, temperature=0.8, max_new_tokens=1)
    prompt = tokenizer.encode(ANNA.prompt)
    log_p, log_q = (log_softmax(m(prompt).data[0, -1].astype(np.float64) / 0.8) for m in (model, reference))
    k3 = np.exp(log_q - log_p) - (log_q - log_p) - 1
    exact = (np.exp(log_p) * (log_p - log_q)).sum()
    assert (np.exp(log_p) * k3).sum() == pytest.approx(exact)
    error = np.sqrt((np.exp(log_p) * (k3 - exact) ** 2).sum() / 1000)
    assert abs(kl_to(reference, made, config) - exact) < 5 * error
    assert kl_to(model, made, config) == pytest.approx(0, abs=1e-5)


def log_softmax(z):
    return z - np.log(np.exp(z - z.max()).sum()) - z.max()


# ---- rehearsal ----


@pytest.fixture
def rehearsal(model):
    """A demonstration whose last six tokens have weights that sum to 0.3."""
    ids = np.arange(5, 17, dtype=np.int32)
    weights = np.where(np.arange(12) < 6, 0, 0.05).astype(np.float32)
    return pack([Document(ids, weights)])


def test_rehearsal_adds_the_gradient_of_its_own_loss(model, episodes, rehearsal):
    alone, metrics = gradients(model, episodes)
    assert "rehearsal_loss" not in metrics
    loss = model.loss(*rehearsal)
    loss.backward()
    its_own = {name: p.grad.copy() for name, p in model.named_parameters()}
    model.zero_grad()
    optimizer = Still(model)
    metrics = reinforce_step(model, optimizer, episodes, RLConfig(samples=4), rehearsal=rehearsal)
    assert_equal(optimizer.gradients, {name: alone[name] + its_own[name] for name in alone})
    assert metrics["rehearsal_loss"] == pytest.approx(loss.item() / 0.3, rel=1e-5)


def test_rehearsal_goes_on_where_no_episode_has_an_advantage(model, episodes, rehearsal):
    optimizer = Still(model)
    reinforce_step(model, optimizer, [replace(e, reward=0.0) for e in episodes], RLConfig(samples=4), None, rehearsal)
    assert any(np.abs(gradient).max() > 0 for gradient in optimizer.gradients.values())


# ---- a whole step ----


def test_a_step_samples_updates_and_reports(model, tokenizer, chance, reference):
    optimizer = AdamW(model.parameters(), lr=1e-3)
    config = RLConfig(prompts=3, samples=8, max_new_tokens=12)
    made, metrics = reinforce(
        model, optimizer, tokenizer, chance, [ROGER, ANNA, ANNA], config, seed=(1, 7), reference=reference
    )
    assert len(made) == 24
    assert set(metrics) == {
        "reward", "informative", "kl_to_start", "entropy", "answer_tokens", "finished", "grad_norm", "loss",
        "rollout_seconds", "update_seconds", "rollout_tokens_per_second", "update_tokens_per_second",
    }  # fmt: skip
    assert all(type(value) is float and np.isfinite(value) for value in metrics.values())
    assert metrics["reward"] == np.mean([e.reward for e in made])
    assert 0 < metrics["entropy"] < np.log(tokenizer.vocab_size)


def test_reinforcement_raises_the_reward(tokenizer):
    """30 steps on one problem, rewarded for ending within four tokens."""

    class Short:
        def check(self, problem, text):
            return True

    task = Notes()
    task.checker = Short()
    model = make_model(tokenizer, seed=5)
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0)
    config = RLConfig(samples=32, max_new_tokens=4)
    rewards = [
        reinforce(model, optimizer, tokenizer, task, [ANNA], config, seed=(0, step))[1]["reward"] for step in range(30)
    ]
    assert np.mean(rewards[:5]) < 0.3
    assert np.mean(rewards[-5:]) > 0.9


# ---- a policy that has moved far ----


def moved(episodes, nats):
    """The same episodes, from a policy whose log-probabilities of them were lower by so many nats."""
    return [replace(e, log_probs=e.log_probs - np.float32(nats)) for e in episodes]


@pytest.mark.parametrize("clip", [0.2, 1e30], ids=["PPO's clip", "importance weights"])
@pytest.mark.parametrize("nats", [99.0, -99.0, 1e4, -1e4, np.inf])
def test_an_extreme_ratio_ends_in_a_finite_update(model, episodes, reference, clip, nats):
    optimizer = AdamW(model.parameters(), lr=1e-3)
    config = RLConfig(samples=4, clip=clip, updates=2, kl=0.1)
    with np.errstate(all="raise"):
        metrics = reinforce_step(model, optimizer, moved(episodes, nats), config, reference)
    assert all(np.isfinite(x).all() for x in model.state_dict().values())
    assert all(np.isfinite(x).all() for x in optimizer.state_dict().values())
    assert np.isfinite([value for name, value in metrics.items() if name != "entropy"]).all()


@pytest.mark.parametrize("gap", [-200.0, 200.0])
def test_a_reference_at_any_distance_ends_in_a_finite_update(model, episodes, gap):
    advantage, one = np.zeros(3, np.float32), np.ones(3, np.float32)
    batch = Batch(
        np.zeros(3, np.int32), np.array([0, 1, -100]), advantage, -one, np.array([0, 3]), np.array([-1]), np.array([3])
    )
    found, _ = token_weights(advantage, -one, batch, RLConfig(clip=0.2, kl=0.5), np.float32(gap) * one)
    assert np.isfinite(found).all() and (np.sign(found) == [np.sign(gap), np.sign(gap), 0]).all()


def test_a_log_probability_that_is_nan_stops_before_the_weights_are_touched(model, episodes):
    optimizer = AdamW(model.parameters(), lr=1e-3)
    before = {name: x.copy() for name, x in model.state_dict().items()}
    with pytest.raises(NonFiniteError, match="The step was not taken"):
        reinforce_step(model, optimizer, moved(episodes, np.nan), RLConfig(samples=4, clip=0.2))
    assert_equal(model.state_dict(), before, atol=0)
    assert optimizer.steps == 0


# ---- errors ----


@pytest.mark.parametrize("step", [reinforce_step, expert_iteration_step])
def test_a_reward_that_is_not_finite_is_refused_before_the_update(model, episodes, step):
    optimizer = AdamW(model.parameters(), lr=1e-3)
    before = {name: x.copy() for name, x in model.state_dict().items()}
    bad = [*episodes[:5], replace(episodes[5], reward=float("nan")), *episodes[6:]]
    with pytest.raises(ValueError, match="the reward of problem 1, sample 1, is nan"):
        step(model, optimizer, bad, RLConfig(samples=4))
    with pytest.raises(ValueError, match="no episodes to learn from"):
        step(model, optimizer, [], RLConfig(samples=4))
    assert_equal(model.state_dict(), before, atol=0)


def test_a_loss_that_is_not_finite_stops_naming_step_and_tensor(model, episodes):
    optimizer = AdamW(model.parameters(), lr=1e-3)
    model.blocks[1].mlp.up.weight.data[0, 0] = np.nan
    before = {name: x.copy() for name, x in model.state_dict().items()}
    with pytest.raises(NonFiniteError, match=r"step 1: .*parameter blocks\.1\.mlp\.up\.weight.*lower learning rate"):
        reinforce_step(model, optimizer, episodes, RLConfig(samples=4))
    assert_equal(model.state_dict(), before, atol=0)
    assert optimizer.steps == 0 and all(p.grad is None for p in model.parameters())


def test_a_gradient_that_is_not_finite_stops_too(model, episodes):
    optimizer = AdamW(model.parameters(), lr=1e-3)
    huge = [replace(e, reward=1e38 * (i % 2)) for i, e in enumerate(episodes)]
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="step 1: the loss is"):
        reinforce_step(model, optimizer, huge, RLConfig(samples=4, normalise="episodes", advantage="plain"))
    assert optimizer.steps == 0


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"prompts": 0}, "prompts is 0; expected 1 or more"),
        ({"samples": 1}, "set samples to 2 or more"),
        ({"advantage": "gae"}, "use one of plain, batch_mean, leave_one_out, group_normalised"),
        ({"normalise": "rows"}, "use one of tokens, episodes"),
        ({"temperature": 0.0}, "explores needs more than 0"),
        ({"updates": 2}, "set clip"),
        ({"kl": -0.1}, "must be 0 or more"),
        ({"kl": float("nan")}, "must be 0 or more"),
        ({"clip": float("nan")}, "must be 0 or more"),
        ({"clip": float("inf")}, "must be 0 or more"),
    ],
)
def test_impossible_settings_say_what_to_change(settings, message):
    with pytest.raises(ValueError, match=message):
        RLConfig(**settings)


def test_episodes_must_come_in_whole_groups_and_kl_needs_a_reference(model, episodes):
    optimizer = AdamW(model.parameters())
    with pytest.raises(ValueError, match="11 episodes are no multiple of samples, 4"):
        reinforce_step(model, optimizer, episodes[:11], RLConfig(samples=4))
    with pytest.raises(ValueError, match="pass reference="):
        reinforce_step(model, optimizer, episodes, RLConfig(samples=4, kl=0.1))
