"""A test for each sentence of the notes."""

import numpy as np
import pytest
from roger import ANNA, ROGER, make_model

from minirl.generate import row_stream
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.rl import Agent, Environment, Episode, RLConfig, State, play, reinforce_step
from minirl.tasks.task import END


def walk(environment, problem):
    """The problem's model solution as an episode: [(s_t, a_t, s_{t+1}, r_t, done), ...]."""
    state = environment.reset(problem)
    steps = []
    for action in environment.tokenizer.encode(problem.completion, allowed_special={END}):
        after, reward, done = environment.step(action)
        steps.append((state, action, after, reward, done))
        state = after
    return steps


@pytest.fixture
def environment(tokenizer, task):
    return Environment(tokenizer, task, max_new_tokens=60)


@pytest.fixture
def agent(model, tokenizer):
    return Agent(model, tokenizer)


@pytest.fixture
def s0(environment):
    return environment.reset(ROGER)


def test_the_agent_is_the_llm_itself(agent, s0):
    assert isinstance(agent.model, GPT)
    logits = agent.model(s0.tokens).data[0, -1].astype(np.float64)
    np.testing.assert_allclose(agent.policy(s0), np.exp(logits) / np.exp(logits).sum(), rtol=1e-4)


def test_the_policy_is_the_probability_of_taking_an_action_in_the_current_state(agent, s0):
    policy = agent.policy(s0)
    assert policy.min() >= 0 and policy.sum() == pytest.approx(1, abs=1e-5)
    assert not np.array_equal(policy, agent.policy(s0.after(7)))


def test_the_policy_has_a_probability_for_every_token(agent, s0):
    assert agent.policy(s0).shape == (agent.tokenizer.vocab_size,)


def test_the_action_is_the_next_token_sampled_from_the_policy(agent, s0):
    rng = np.random.default_rng(0)
    actions = np.array([agent.act(s0, rng) for _ in range(1000)])
    policy = agent.policy(s0).astype(np.float64)
    counts = np.bincount(actions, minlength=len(policy))
    often = policy > 0.02  # a chi-squared statistic needs a few counts in every cell
    observed = np.append(counts[often], counts[~often].sum())
    expected = 1000 * np.append(policy[often], policy[~often].sum())
    statistic = ((observed - expected) ** 2 / expected).sum()
    freedom = len(observed) - 1
    assert statistic < freedom + 4.3 * np.sqrt(2 * freedom) + 15  # exceeded by chance less than once in 10,000 seeds


def test_at_temperature_0_the_action_is_the_most_likely_token(agent, s0):
    greedy = Agent(agent.model, agent.tokenizer, temperature=0)
    action = greedy.act(s0, np.random.default_rng(0))
    assert action == agent.policy(s0).argmax()
    assert greedy.policy(s0)[action] == 1 and greedy.policy(s0).sum() == 1


def test_s0_is_always_the_prompt(environment):
    for problem in (ROGER, ANNA):
        state = environment.reset(problem)
        assert environment.tokenizer.decode(state.tokens) == problem.prompt
        assert state.step == 0 and state.actions == ()


def test_a0_is_the_subject_of_the_prompt(environment, tokenizer):
    for problem, subject in ((ROGER, " Roger"), (ANNA, " Anna")):
        assert problem.prompt.endswith("Reasoning:")
        _, a0, *_ = walk(environment, problem)[0]
        assert tokenizer.decode([a0]) == subject


def test_s1_is_the_prompt_and_roger_and_s2_is_the_prompt_roger_has(environment, tokenizer, s0):
    (_, a0, s1, *_), (_, a1, s2, *_) = walk(environment, ROGER)[:2]
    assert [tokenizer.decode([a]) for a in (a0, a1)] == [" Roger", " has"]
    assert s1.tokens == (*s0.tokens, a0)
    assert s2.tokens == (*s0.tokens, a0, a1)


def test_the_state_of_step_i_is_the_tokens_completed_so_far(environment, tokenizer):
    for i, (state, *_) in enumerate(walk(environment, ROGER)):
        assert state.step == i == len(state.actions)
        assert (ROGER.prompt + ROGER.completion).startswith(tokenizer.decode(state.tokens))


def test_the_next_state_is_the_state_followed_by_the_action(environment):
    for state, action, after, *_ in walk(environment, ROGER):
        assert after == state.after(action) == State((*state.tokens, action), state.prompt_length)


def test_what_the_llm_receives_next_is_what_it_just_produced(agent, environment):
    seen = []
    inside = agent.model.hidden
    agent.model.hidden = lambda ids: seen.append(tuple(ids)) or inside(ids)
    episode = play(agent, environment, ROGER, np.random.default_rng(0))
    states = [state.tokens for state, _, _ in episode.steps()]
    assert list(dict.fromkeys(seen)) == states  # each state once, in order; the policy is asked twice a step
    for (_, action, _), after in zip(episode.steps(), states[1:], strict=False):
        assert after[-1] == action


def test_the_environment_is_a_python_interpreter_that_appends_the_token_and_checks_the_answer(environment):
    checked = []

    class Checker:
        def check(self, problem, text):
            checked.append(text)
            return True

    environment.task.checker = Checker()
    *_, reward, done = walk(environment, ROGER)[-1]
    assert checked == [ROGER.completion.removesuffix(END)]
    assert (reward, done) == (1.0, True)


def test_the_reward_is_0_until_the_last_action(environment):
    *before, _ = walk(environment, ROGER)
    assert len(before) > 10
    assert all(reward == 0.0 and not done for *_, reward, done in before)


def test_the_reward_of_the_last_action_is_1_for_a_correct_answer(environment):
    *_, reward, done = walk(environment, ROGER)[-1]
    assert (reward, done) == (1.0, True)


def test_the_reward_of_the_last_action_is_0_for_an_incorrect_answer(environment, tokenizer):
    environment.reset(ROGER)
    wrong = tokenizer.encode(ROGER.completion.replace("Answer: 11", "Answer: 12"), allowed_special={END})
    results = [environment.step(action) for action in wrong]
    assert all(reward == 0.0 for _, reward, _ in results)
    assert results[-1][2]


def test_an_answer_that_was_cut_off_has_reward_0(tokenizer, task):
    ids = tokenizer.encode(ROGER.completion, allowed_special={END})
    environment = Environment(tokenizer, task, max_new_tokens=len(ids) - 1)
    environment.reset(ROGER)
    results = [environment.step(action) for action in ids[:-1]]  # all of it but <|end|>
    assert [done for *_, done in results] == [False] * (len(ids) - 2) + [True]
    assert results[-1][1] == 0.0


def test_an_episode_is_states_actions_and_rewards(tokenizer, environment):
    steps = walk(environment, ROGER)
    actions = np.array([action for _, action, *_ in steps], np.int32)
    prompt = np.array(steps[0][0].tokens, np.int32)
    zeros = np.zeros(len(actions))
    episode = Episode(ROGER, prompt, actions, zeros, 1.0, True, "", zeros.astype(bool))
    assert list(episode.steps()) == [(state, action, reward) for state, action, _, reward, _ in steps]


def test_the_llm_is_updated_by_gradient_ascent_on_the_reward(tokenizer, task):
    """After an update the rewarded episode is likelier and the other less likely than before."""
    agent = Agent(make_model(tokenizer), tokenizer)
    environment = Environment(tokenizer, task, max_new_tokens=20)
    right, wrong = (play(agent, environment, ANNA, row_stream(0, 0, sample)) for sample in range(2))
    object.__setattr__(right, "reward", 1.0)
    optimizer = AdamW(agent.model.parameters(), lr=1e-3, weight_decay=0)

    def log_prob(episode):
        return sum(np.log(agent.policy(state)[action]) for state, action, _ in episode.steps())

    before = log_prob(right), log_prob(wrong)
    reinforce_step(agent.model, optimizer, [right, wrong], RLConfig(samples=2))
    assert log_prob(right) > before[0]
    assert log_prob(wrong) < before[1]


def test_acting_outside_an_episode_is_an_error(environment):
    with pytest.raises(RuntimeError, match="call reset"):
        environment.step(1)
    walk(environment, ROGER)
    with pytest.raises(RuntimeError, match="call reset"):
        environment.step(1)
    environment.reset(ROGER)
    with pytest.raises(IndexError, match="is no token"):
        environment.step(environment.tokenizer.vocab_size)
