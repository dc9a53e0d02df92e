"""PPO: advantages by GAE, the value function, the clipped surrogate. What can be known exactly is held exactly."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from roger import ANNA, ROGER, make_model

from minirl.model import GPT, GPTConfig
from minirl.nn import Linear
from minirl.optim import AdamW
from minirl.rl import Episode, PPOConfig, RLConfig, reinforce_step, rollout
from minirl.rl.batch import batches, make_batch
from minirl.rl.gae import episode_gae, gae
from minirl.rl.loss import policy_loss, token_weights
from minirl.rl.ppo import PPO, explained_variance, kl_penalties, mean_of_others, token_rewards, whitened
from minirl.rl.reinforce import reinforce
from minirl.rl.value import HeadValue, MonteCarloValue, NetworkValue, NoValue, value_loss
from minirl.tensor import Tensor

PLAIN = PPOConfig(samples=4, method="ppo", value="none", whiten=False, value_warmup=0, advantage="plain")


@pytest.fixture
def episodes(model, tokenizer, chance):
    made = rollout(model, tokenizer, chance, [ROGER, ANNA, ANNA], 4, max_new_tokens=16, seed=2)
    return [replace(e, reward=float(i % 3 == 0)) for i, e in enumerate(made)]


# ---- generalized advantage estimation ----

lengths = st.integers(1, 12)
shares = st.floats(0, 1)


@given(st.integers(0, 2**32), lengths, st.floats(0.01, 1), shares)
def test_gae_is_the_sum_over_all_later_deltas(seed, n, gamma, lam):
    """The sum of the definition, O(T^2), over a random mask of decisions."""
    rng = np.random.default_rng(seed)
    rewards, values = rng.normal(size=n), rng.normal(size=n)
    mask = np.r_[True, rng.random(n - 1) < 0.6]
    starts = np.flatnonzero(mask)
    V = np.append(values[starts], 0.0)
    r = [rewards[a:b].sum() for a, b in itertools.pairwise([*starts, n])]
    delta = [r[i] + gamma * V[i + 1] - V[i] for i in range(len(starts))]
    slow = [sum((gamma * lam) ** (j - i) * delta[j] for j in range(i, len(delta))) for i in range(len(delta))]
    found = episode_gae(rewards, np.where(mask, values, np.nan), starts, gamma, lam)
    np.testing.assert_allclose(found[starts], slow, atol=1e-12)
    assert np.isfinite(found).all()


def test_lambda_1_is_the_return_minus_the_value_and_lambda_0_compares_neighbours():
    r, V = np.array([0.0, 0.5, 1.0]), np.array([0.3, 0.7, 0.2])
    np.testing.assert_allclose(gae(r, V), r[::-1].cumsum()[::-1] - V)
    np.testing.assert_allclose(gae(r, V, lam=0), [0.7 - 0.3, 0.5 + 0.2 - 0.7, 1.0 - 0.2])


def test_forced_tokens_take_no_time():
    """However long a result is, the actions around it get the same advantages."""
    r, V = np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.4, 0.6])
    alone = gae(r, V, 0.9, 0.8)
    with_result = episode_gae(np.insert(r, [2] * 20, 0), np.insert(V, [2] * 20, np.nan), np.array([0, 1, 22]), 0.9, 0.8)
    np.testing.assert_allclose(with_result[[0, 1, 22]], alone)


def test_what_gae_refuses():
    with pytest.raises(ValueError, match="rewards have shape"):
        gae(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="the first token, 0"):
        episode_gae(np.zeros(3), np.zeros(3), np.array([1, 2]))


# ---- PPO without its parts is REINFORCE ----


def weights_after(tokenizer, update, episodes, config):
    model = make_model(tokenizer)
    metrics = update(model, AdamW(model.parameters(), lr=1e-2), episodes, config)
    return {name: p.data.tobytes() for name, p in model.named_parameters()}, metrics


def test_one_epoch_without_clipping_value_and_lambda_is_plain_reinforce_to_the_bit(tokenizer, episodes):
    plain, _ = weights_after(tokenizer, reinforce_step, episodes, RLConfig(samples=4, advantage="plain"))
    ppo, _ = weights_after(tokenizer, PPO(NoValue()), episodes, PLAIN)
    start = {name: p.data.tobytes() for name, p in make_model(tokenizer).named_parameters()}
    assert ppo == plain != start
    zero_head = PPO(HeadValue(make_model(tokenizer), 1e-3))  # a new head says 0 everywhere
    assert weights_after(tokenizer, zero_head, episodes, PLAIN)[0] == plain


@pytest.mark.parametrize("change", [{"gae_lambda": 0.9, "gamma": 0.9}, {"whiten": True}, {"updates": 2, "clip": 0.1}])
def test_each_part_changes_the_update(tokenizer, episodes, change):
    plain, _ = weights_after(tokenizer, PPO(NoValue()), episodes, PLAIN)
    assert weights_after(tokenizer, PPO(NoValue()), episodes, replace(PLAIN, **change))[0] != plain


def test_at_the_policy_that_acted_no_epsilon_matters(model, episodes):
    """rho = 1: the surrogate's gradient is the policy gradient."""
    A = [np.linspace(-1, 1, len(e.actions)) for e in episodes]

    def gradient(clip):
        model.zero_grad()
        for batch in batches(episodes, A, 64):
            policy_loss(model, batch, 10, RLConfig(clip=clip))[0].backward()
        return np.concatenate([p.grad.ravel() for p in model.parameters()])

    expected = gradient(0.0)
    for clip in (0.01, 0.2, 5.0):
        np.testing.assert_allclose(gradient(clip), expected, atol=1e-4 * np.abs(expected).max())


def test_the_side_that_is_clipped_depends_on_the_sign_of_the_advantage(episodes):
    """A good action that became likelier no longer counts, nor does a bad one that became less likely."""
    signs = [np.where(np.arange(len(e.actions)) % 2, 1.0, -1.0) for e in episodes]
    batch = make_batch(episodes, signs)
    acted = batch.targets >= 0
    for factor, counted in ((1.5, -1), (0.5, 1)):
        log_prob = batch.log_probs + np.float32(np.log(factor))
        weights, clipped = token_weights(batch.advantages, log_prob, batch, RLConfig(clip=0.2), None)
        np.testing.assert_allclose(weights[acted & (batch.advantages == counted)], factor * counted, rtol=1e-5)
        assert (weights[acted & (batch.advantages == -counted)] == 0).all()
        assert clipped == (acted & (batch.advantages == -counted)).sum()


def test_updates_end_where_the_policy_has_gone_too_far(tokenizer, episodes):
    config = replace(PLAIN, updates=8, clip=0.2)
    near = weights_after(tokenizer, PPO(NoValue()), episodes, replace(config, stop_kl=1e-9))[1]
    far = weights_after(tokenizer, PPO(NoValue()), episodes, replace(config, stop_kl=1e9))[1]
    assert (near["updates"], far["updates"]) == (1, 8)
    assert 0 < near["kl_of_step"] < far["kl_of_step"]


# ---- a value function adds no bias ----

V, END, HORIZON, PROMPT = 4, 0, 3, np.array([1, 3], np.int32)


def tiny():
    model = GPT(GPTConfig(V, 6, n_layer=1, n_head=1, d_model=4, d_ff=8, bias=False), seed=1)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data *= 25
    return model


def everything(model):
    """Every episode of the tiny model, with its probability; the reward is 1 where there is no 2."""
    ended = [a for n in range(1, HORIZON + 1) for a in itertools.product(range(V), repeat=n) if END not in a[:-1]]
    all_actions = [a for a in ended if a[-1] == END or len(a) == HORIZON]
    made, probabilities = [], []
    for actions in all_actions:
        logits = model(np.array([*PROMPT, *actions[:-1]], np.int32)).data[0, len(PROMPT) - 1 :].astype(np.float64)
        log_pi = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        log_probs = log_pi[np.arange(len(actions)), list(actions)]
        reward = float(2 not in actions)
        ids, none = np.array(actions, np.int32), np.zeros(len(actions), bool)
        made.append(Episode(None, PROMPT, ids, log_probs.astype(np.float32), reward, actions[-1] == END, "", none))
        probabilities.append(np.exp(log_probs.sum()))
    return made, np.array(probabilities)


def estimates(model, episodes, values, lam=1.0):
    """The gradient that each single episode gives, (episodes, parameters)."""
    found = []
    for episode, V in zip(episodes, values, strict=True):
        A = gae(token_rewards([episode])[0], V, lam=lam)
        model.zero_grad()
        policy_loss(model, make_batch([episode], [A]), 1, RLConfig())[0].backward()
        found.append(-np.concatenate([p.grad.ravel().astype(np.float64) for p in model.parameters()]))
    return np.array(found)


def exact_value(episodes, p):
    """V(s_t), the expected reward given the actions so far, for each step of each episode."""
    prefixes = [[tuple(e.actions[:t].tolist()) for t in range(len(e.actions))] for e in episodes]
    mass, paid = {}, {}
    for e, probability, states in zip(episodes, p, prefixes, strict=True):
        for state in states:
            mass[state] = mass.get(state, 0.0) + probability
            paid[state] = paid.get(state, 0.0) + probability * e.reward
    return [np.array([paid[s] / mass[s] for s in states]) for states in prefixes]


def variance(made, p):
    return float(p @ ((made - p @ made) ** 2).sum(axis=1))


def test_any_value_leaves_the_mean_gradient_and_the_exact_one_lowers_its_variance():
    model = tiny()
    episodes, p = everything(model)
    assert p.sum() == pytest.approx(1, abs=1e-5)
    zero = [np.zeros(len(e.actions)) for e in episodes]
    exact = exact_value(episodes, p)
    rng = np.random.default_rng(0)
    table = {s: rng.normal() for e in episodes for s in prefixes_of(e)}
    anything = [np.array([table[s] for s in prefixes_of(e)]) for e in episodes]
    plain = estimates(model, episodes, zero)
    mean = p @ plain
    for values, lam in ((exact, 1.0), (anything, 1.0), (exact, 0.0), (exact, 0.5)):
        np.testing.assert_allclose(p @ estimates(model, episodes, values, lam), mean, atol=2e-5 * np.abs(mean).max())
    biased = p @ estimates(model, episodes, anything, 0.0)  # this is why lambda is 1
    assert np.abs(biased - mean).max() > 0.1 * np.abs(mean).max()
    factors = [variance(plain, p) / variance(estimates(model, episodes, exact, lam), p) for lam in (1.0, 0.0)]
    print("an exact V divides the variance by", factors)
    assert factors == pytest.approx(FACTORS, rel=0.01)


FACTORS = [2.68, 4.86]  # with lambda 1 and 0; docs/rewards.md quotes them


def prefixes_of(episode):
    return [tuple(episode.actions[:t].tolist()) for t in range(len(episode.actions))]


# ---- the value function ----


def test_the_value_loss_is_clipped_on_the_side_it_leaves():
    old, target = np.zeros(4, np.float32), np.array([1, 1, -1, -1], np.float32)
    V = Tensor(np.array([0.1, 0.5, 0.5, -0.5], np.float32), requires_grad=True)
    loss = value_loss(V, target, old, 0.2)
    loss.backward()
    assert loss.item() == pytest.approx(0.5 * (0.81 + 0.64 + 2.25 + 0.64))
    np.testing.assert_allclose(V.grad, [-0.9, 0, 1.5, 0], atol=1e-6)  # what went the right way far enough stays


def test_the_gradient_of_the_value_loss_is_its_slope():
    rng = np.random.default_rng(1)
    start, target, old = (rng.normal(size=6).astype(np.float32) for _ in range(3))
    V = Tensor(start, requires_grad=True)
    value_loss(V, target, old, 0.3).backward()
    for i in range(6):
        up, down = start.copy(), start.copy()
        up[i] += 1e-2
        down[i] -= 1e-2
        slope = (value_loss(Tensor(up), target, old, 0.3) - value_loss(Tensor(down), target, old, 0.3)).item() / 2e-2
        assert slope == pytest.approx(V.grad[i], abs=2e-2)


def learned(critic, model, episodes, config, times=60):
    returns = [np.full(len(e.actions), e.reward) for e in episodes]
    losses = []
    for _ in range(times):
        losses.append(critic.learn(critic.look(model, episodes, config), episodes, returns, config))
    return losses


@pytest.mark.parametrize("kind", [HeadValue, NetworkValue])
def test_a_value_function_learns_and_leaves_the_policy_alone(kind, tokenizer, model, episodes):
    before = {name: p.data.copy() for name, p in model.named_parameters()}
    config = replace(PLAIN, value_learning_rate=3e-2 if kind is HeadValue else 3e-3, value_updates=2)
    critic = kind(make_model(tokenizer), 1e-3)
    losses = learned(critic, model, episodes, config)
    assert losses[-1] < 0.8 * losses[0]
    for name, p in model.named_parameters():
        assert p.grad is None and (p.data == before[name]).all()


@pytest.mark.parametrize("kind", [HeadValue, NetworkValue])
def test_passes_of_any_size_learn_the_same(kind, tokenizer, model, episodes):
    heads = []
    for tokens in (16, 4096):
        critic = kind(make_model(tokenizer), 1e-3)
        learned(critic, model, episodes, replace(PLAIN, pass_tokens=tokens), times=3)
        heads.append(critic.head.weight.data)
    np.testing.assert_allclose(*heads, atol=1e-4)


def test_nan_at_forced_places_and_in_prompts_is_harmless(tokenizer, model, episodes):
    """A value function may say anything about tokens that nobody chose."""
    forced = [replace(e, forced=np.arange(len(e.actions)) % 3 == 1) for e in episodes]
    rest = [replace(e, log_probs=np.where(e.forced, np.nan, e.log_probs).astype(np.float32)) for e in forced]

    class Poisoned(HeadValue):
        def states(self, model, batch):
            h = super().states(model, batch)
            return Tensor(np.where((batch.targets < 0)[:, None], np.float32("nan"), h.data))

    config = replace(PLAIN, value_warmup=0, whiten=True, clip=0.2, updates=2, value_clip=0.2)
    found = []
    for kind, given_episodes in ((HeadValue, forced), (Poisoned, rest)):
        policy = make_model(tokenizer)
        critic = kind(policy, 1e-2)
        critic.head.weight.data[:] = 0.1
        metrics = PPO(critic)(policy, AdamW(policy.parameters(), lr=1e-2), given_episodes, config)
        assert all(np.isfinite(value) for name, value in metrics.items() if name != "entropy")
        found.append([p.data.tobytes() for p in [*policy.parameters(), *critic.head.parameters()]])
    assert found[0] == found[1]


def test_in_the_first_steps_only_the_value_function_learns(tokenizer, episodes):
    policy = make_model(tokenizer)
    before = [p.data.tobytes() for p in policy.parameters()]
    update = PPO(HeadValue(policy, 1e-2))
    config, optimizer = replace(PLAIN, value_warmup=2), AdamW(policy.parameters(), lr=1e-2)
    for _ in range(2):
        update(policy, optimizer, episodes, config)
        assert [p.data.tobytes() for p in policy.parameters()] == before
    assert np.abs(update.critic.head.weight.data).max() > 0
    update(policy, optimizer, episodes, config)
    assert [p.data.tobytes() for p in policy.parameters()] != before


@pytest.mark.parametrize("kind", [HeadValue, NetworkValue])
def test_a_value_function_goes_on_from_its_arrays(kind, tokenizer, model, episodes):
    one, other = (kind(make_model(tokenizer), 1e-3) for _ in range(2))
    learned(one, model, episodes, PLAIN, times=2)
    other.load_arrays({name: x.copy() for name, x in one.arrays().items()})
    assert learned(one, model, episodes, PLAIN, 2) == learned(other, model, episodes, PLAIN, 2)
    with pytest.raises(ValueError, match="missing"):
        other.load_arrays({})


def test_monte_carlo_values_are_means_of_samples(tokenizer, model, chance, episodes):
    """At the first token all episodes of a problem have one state; the share of right samples is its value."""
    critic = MonteCarloValue(tokenizer, chance, seed=5)
    config = replace(PLAIN, value_samples=200, max_new_tokens=16)
    seen = critic.look(model, episodes[:4], config)
    many = rollout(model, tokenizer, chance, [ROGER], 1000, max_new_tokens=16, seed=9)
    truth = np.mean([e.reward for e in many])
    assert [V[0] for V in seen.values] == pytest.approx([truth] * 4, abs=5 * 0.5 / np.sqrt(200))
    again = MonteCarloValue(tokenizer, chance, seed=5)
    assert again.look(model, episodes[:4], config).values[0].tolist() == seen.values[0].tolist()
    assert any((a != b).any() for a, b in zip(critic.look(model, episodes, config).values, seen.values, strict=False))


def test_sentences_begin_after_a_full_stop(tokenizer, chance):
    actions = tokenizer.encode_array(" Roger has 5 tennis balls. 2 * 3 = 6. 5 + 6 = 11.\nAnswer: 11")
    critic = MonteCarloValue(tokenizer, chance, seed=0)
    starts = critic.sentences(actions)
    texts = [tokenizer.decode(actions[:start]) for start in starts]
    assert texts[0] == "" and len(starts) == 4
    assert all(
        ". " in text[-3:] or ".\n" in text[-3:] or text.endswith(".") or text[-2:-1] == "." for text in texts[1:]
    )


# ---- KL, whitening, measures ----


def test_kl_in_the_reward_is_paid_where_the_agent_acts(tokenizer, episodes):
    reference = make_model(tokenizer, seed=4)
    forced = [replace(e, forced=np.arange(len(e.actions)) == 1) for e in episodes]
    penalties = kl_penalties(reference, forced, RLConfig(kl=0.5))
    assert all(x[1] == 0 for x in penalties)
    unchanged = make_model(tokenizer)
    assert max(np.abs(x).max() for x in kl_penalties(unchanged, episodes, RLConfig(kl=0.5))) < 1e-4
    paid = token_rewards(forced, penalties)
    assert paid[0].sum() == pytest.approx(forced[0].reward - penalties[0].sum())


def test_kl_has_one_place(tokenizer, episodes, monkeypatch):
    """In the reward it is not in the loss; in the loss it is not in the reward."""
    seen = []
    from minirl.rl import ppo as module

    original = module.weighted_step

    def spy(model, optimizer, episodes, A, N, config, *rest):
        seen.append((config.kl, sum(np.abs(a).sum() for a in A)))
        return original(model, optimizer, episodes, A, N, config, *rest)

    monkeypatch.setattr(module, "weighted_step", spy)
    reference = make_model(tokenizer, seed=4)
    zero = [replace(e, reward=0.0) for e in episodes]
    for place in ("reward", "loss"):
        policy = make_model(tokenizer)
        config = replace(PLAIN, kl=0.1, kl_place=place)
        PPO(NoValue())(policy, AdamW(policy.parameters(), lr=1e-3), zero, config, reference)
    assert seen[0][0] == 0 and seen[0][1] > 0  # in the reward
    assert seen[1] == (0.1, 0.0)
    with pytest.raises(ValueError, match="pass reference="):
        PPO(NoValue())(policy, AdamW(policy.parameters()), zero, replace(PLAIN, kl=0.1))


def test_whitening_is_over_the_actions_that_were_chosen(episodes):
    forced = [replace(e, forced=np.arange(len(e.actions)) == 1) for e in episodes]
    A = [np.where(e.forced, 1e6, i + np.arange(len(e.actions)) / 7) for i, e in enumerate(forced)]
    white = whitened(forced, A)
    chosen = np.concatenate([a[~e.forced] for e, a in zip(forced, white, strict=True)])
    assert chosen.mean() == pytest.approx(0, abs=1e-12) and chosen.std() == pytest.approx(1)
    assert all((a == 0).all() for a in whitened(episodes, [np.full(len(e.actions), 0.3) for e in episodes]))


def test_explained_variance():
    G = np.array([0.0, 1.0, 1.0, 0.0])
    assert explained_variance(G, G) == 1 and explained_variance(G, np.full(4, 7.0)) == 0
    assert explained_variance(G, 1 - G) < 0 and explained_variance(np.ones(4), G) == 0


def test_the_mean_of_others_does_not_know_ones_own():
    G = np.array([1.0, 1.0, 0.0, 5.0])
    found = mean_of_others(G, np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]))
    assert found.tolist() == [0.0, 0.0, 1.0, G.mean()]


def test_what_ppo_reports(tokenizer, episodes):
    policy = make_model(tokenizer)
    metrics = PPO(HeadValue(policy, 1e-2))(policy, AdamW(policy.parameters()), episodes, replace(PLAIN, value="head"))
    wanted = {"value", "value_loss", "explained_variance", "explained_by_problem", "explained_by_position",
              "advantage_spread", "reward", "loss", "grad_norm"}  # fmt: skip
    assert wanted <= metrics.keys()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"gamma": 0.0}, "gamma is 0.0"),
        ({"gae_lambda": 1.1}, "gae_lambda is 1.1"),
        ({"value": "oracle"}, "value is 'oracle'"),
        ({"kl_place": "both"}, "kl_place is 'both'"),
        ({"updates": 3}, "set clip"),
        ({"value_updates": 0}, "value_updates is 0"),
        ({"stop_kl": -1.0}, "stop_kl is -1.0"),
    ],
)
def test_settings_that_cannot_work(change, message):
    with pytest.raises(ValueError, match=message):
        replace(PLAIN, **change)


def test_a_head_has_as_many_weights_as_a_hidden_state(model):
    assert isinstance(HeadValue(model, 1e-3).head, Linear)
    assert HeadValue(model, 1e-3).head.weight.shape == (1, model.config.d_model)


def test_it_learns_what_is_paid(tokenizer, chance):
    """Thirty steps with every part switched on; the reward is a function of one's own."""
    policy = make_model(tokenizer)
    config = PPOConfig(
        samples=16, method="ppo", updates=2, clip=0.2, stop_kl=0.1, value_clip=0.5, value_warmup=2, gae_lambda=0.95,
        kl=0.001, kl_place="reward", max_new_tokens=4, value_learning_rate=1e-2,
    )  # fmt: skip
    optimizer, update = AdamW(policy.parameters(), lr=3e-3, weight_decay=0.0), PPO(HeadValue(policy, 1e-2))
    start = make_model(tokenizer)

    def digits(problem, text, finished):
        return sum(map(str.isdigit, text)) / 4

    found = [
        reinforce(
            policy, optimizer, tokenizer, chance, [ROGER, ANNA], config, seed=(1, step), reference=start,
            update=update, reward=digits,
        )[1]["reward"]
        for step in range(30)
    ]  # fmt: skip
    assert np.mean(found[-5:]) > np.mean(found[:3]) + 0.1
