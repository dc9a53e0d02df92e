"""What is tried with the exercises of lesson 1, and what must come out."""

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound


def softmax(logits, temperature):
    """softmax(logits / temperature) in float64; at temperature 0 all on the first largest logit."""
    z = np.asarray(logits, np.float64)
    if temperature == 0:
        return (np.arange(len(z)) == int(np.argmax(z))).astype(np.float64)
    z = (z - z.max()) / temperature
    e = np.exp(z)
    return e / np.sum(e)


def rounding(logits, temperature):
    """An exponent of size x, rounded, changes e^x by x roundings; a sum of V terms adds V more."""
    largest = float(np.ptp(logits)) / temperature if temperature else 0.0
    size = float(np.abs(logits).max()) / temperature if temperature else 0.0
    return Bound(len(logits) + min(largest + size, 1e9), reason="rounding of the exponents and of the sum")


def logits_and_temperatures(rng):
    yield np.array([0.0, 0.0]), 1.0
    yield np.array([1.0, 0.0]), 1.0
    yield np.array([2.0, 0.0, -1.0]), 0.5
    yield np.array([1.0, 3.0, 2.0]), 2.0
    yield np.array([1.0, 3.0, 2.0]), 0.0
    yield np.array([2.0, 5.0, 5.0]), 0.0
    yield np.array([10_000.0, 9_999.0]), 1.0
    yield np.array([-10_000.0, -10_001.0, -10_003.0]), 0.7
    for _ in range(20):
        yield rng.normal(0, 3, rng.integers(1, 12)), float(np.round(rng.uniform(0.2, 2), 2))


def first_above(pi, u):
    total = 0.0
    for action, p in enumerate(pi):
        total += p
        if total > u:
            return action
    return max(action for action, p in enumerate(pi) if p > 0)


def policies_and_numbers(rng):
    yield np.array([1.0]), 0.5
    yield np.array([0.25, 0.75]), 0.1
    yield np.array([0.25, 0.75]), 0.3
    yield np.array([0.75, 0.25]), 0.9
    yield np.array([0.0, 1.0]), 0.0
    yield np.array([0.5, 0.0, 0.5]), 0.5
    yield np.array([0.5, 0.4999999, 0.0]), 0.99999995
    for _ in range(20):
        yield rng.dirichlet(np.ones(rng.integers(2, 9))), float(rng.uniform())


def always_the_same(call, pi, u):
    return len({call(pi, u) for _ in range(20)}) == 1


def steps(rng):
    """(state, action, prompt_length, end, limit, right): `right` is the answer that the checker accepts."""
    yield (7, 8), 3, 2, 0, 5, (3, 0)
    yield (7, 8, 3), 0, 2, 0, 5, (3, 0)
    yield (7, 8, 4), 0, 2, 0, 5, (3, 0)
    yield (7, 8), 3, 2, 0, 1, (3,)
    yield (7, 8, 3), 4, 2, 0, 2, (3, 4)
    yield (7, 8), 3, 2, 0, 2, (3, 0)
    yield (7, 8, 3), 0, 2, 0, 2, (3, 0)
    yield (7, 8, 3), 0, 2, 0, 5, (3,)
    yield (7, 8, 3), 0, 2, 0, 5, (7, 8, 3, 0)
    yield (7,), 0, 1, 0, 5, (0,)
    for _ in range(20):
        prompt = tuple(rng.integers(1, 9, rng.integers(1, 4)).tolist())
        taken = tuple(rng.integers(1, 9, rng.integers(0, 4)).tolist())
        action = int(rng.integers(0, 4))
        right = (*taken, action) if rng.integers(2) else (1, 0)
        yield prompt + taken, action, len(prompt), 0, int(rng.integers(len(taken) + 1, 7)), right


def call_step(names, state, action, prompt_length, end, limit, right):
    rules = names["Rules"](prompt_length, end, limit, lambda actions: tuple(actions) == right)
    return names["step"](state, action, rules)


def show_step(state, action, prompt_length, end, limit, right):
    checker = f"lambda actions: actions == {right}"
    return f"step({state}, {action}, Rules({prompt_length}, {end}, {limit}, {checker}))"


def right_step(state, action, prompt_length, end, limit, right):
    actions = (*state[prompt_length:], action)
    return (*state, action), float(action == end and actions == right), action == end or len(actions) == limit


class Talker:
    """An agent without a model: what it says depends on the state and on one random number."""

    def act(self, state, rng):
        return (sum(state) * 7 + int(rng.integers(100))) % 10


class Room:
    """An environment whose states are tuples. It ends an episode at token 0, or after some actions."""

    def __init__(self, limit):
        self.limit, self.state, self.taken, self.over = limit, None, 0, False

    def reset(self, problem):
        self.state, self.taken, self.over = problem, 0, False
        return self.state

    def step(self, action):
        if self.state is None:
            raise RuntimeError("environment.step was called before environment.reset(problem)")
        if self.over:
            raise RuntimeError(
                "environment.step was called again after the episode was over. The third thing that step returned was "
                "True then: the loop has to stop there"
            )
        self.state, self.taken = (*self.state, action), self.taken + 1
        self.over = action == 0 or self.taken >= self.limit
        return self.state, 1.0 if self.over else 0.0, self.over


def played(names, problem, limit, seed):
    """The episode; and the next random number, which tells how many were used."""
    rng = np.random.default_rng(seed)
    return names["play"](Talker(), Room(limit), problem, rng), int(rng.integers(1000))


def right_episode(problem, limit, seed):
    rng, room, agent, episode, done = np.random.default_rng(seed), Room(limit), Talker(), [], False
    state = room.reset(problem)
    while not done:
        action = agent.act(state, rng)
        after, reward, done = room.step(action)
        episode.append((state, action, reward))
        state = after
    return episode, int(rng.integers(1000))


def show_episode(problem, limit, seed):
    """The call, and what the agent and the environment answer when they are asked in the right order."""
    rng, room, agent, done = np.random.default_rng(seed), Room(limit), Talker(), False
    state = room.reset(problem)
    lines = [f"play(agent, environment, {problem}, rng), where", f"environment.reset({problem}) returns {state}"]
    while not done and len(lines) < 8:
        action = agent.act(state, rng)
        lines.append(f"agent.act({state}, rng) returns {action}")
        state, reward, done = room.step(action)
        lines.append(f"environment.step({action}) returns {(state, reward, done)}")
    return "\n    ".join(lines if done else [*lines, "and so on"])


def episodes(rng):
    yield (1,), 1, 0
    yield (1,), 2, 0
    yield (1, 2), 3, 0
    for _ in range(10):
        yield tuple(rng.integers(1, 9, 2).tolist()), int(rng.integers(1, 9)), int(rng.integers(1000))


def choices(rng):
    yield np.array([1.0]), np.array([1.0])
    yield np.array([0.5, 0.5]), np.array([1.0, 0.0])
    yield np.array([0.25, 0.75]), np.array([1.0, 0.0])
    yield np.array([0.25, 0.75]), np.array([0.0, 1.0])
    for _ in range(20):
        n = int(rng.integers(1, 9))
        yield rng.dirichlet(np.ones(n)), np.round(rng.normal(size=n), 1)


CHECKS = {
    "after": Check(
        cases=lambda rng: [
            ((7, 8), 3),
            ((), 3),
            ((1, 2, 3), 0),
            *(((*rng.integers(0, 9, 4).tolist(),), 5) for _ in "abc"),
        ],
        expected=lambda state, action: (*state, action),
        shrink=False,
    ),
    "policy": Check(
        cases=logits_and_temperatures,
        expected=softmax,
        bound=rounding,
        properties=(
            Property("the probabilities add up to 1", lambda call, z, T: abs(call(z, T).sum() - 1) < 1e-12 * len(z)),
            Property(
                "adding the same number to all logits changes nothing",
                lambda call, z, T: np.allclose(call(z + 1.0, T), call(z, T), rtol=1e-6, atol=1e-9),
            ),
        ),
        only=lambda z, T: z.size > 0 and (T == 0 or T >= 0.1),
    ),
    "draw": Check(
        cases=policies_and_numbers,
        expected=first_above,
        shrink=False,
        properties=(
            Property("the same pi and u always give the same action", always_the_same),
            Property("an action of probability 0 is never picked", lambda call, pi, u: pi[call(pi, u)] > 0),
        ),
    ),
    "step": Check(
        cases=steps,
        expected=right_step,
        observe=call_step,
        show=show_step,
        parts=("the next state", "the reward", "whether the episode is over"),
        shrink=False,
    ),
    "play": Check(
        cases=episodes,
        expected=right_episode,
        observe=played,
        show=show_episode,
        parts=("your list", "the next random number of rng, which tells how often the agent was asked,"),
        shrink=False,
    ),
    "expected_reward": Check(
        cases=choices,
        expected=lambda pi, rewards: sum(p * r for p, r in zip(pi.tolist(), rewards.tolist(), strict=True)),
        bound=lambda pi, rewards: Bound(
            len(pi), float(np.abs(pi * rewards).max()), reason="a sum of this many products"
        ),
        shrink=False,
    ),
}
