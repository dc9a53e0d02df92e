"""What is tried with the exercises of lesson 12, and what must come out."""

import itertools
import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound


def every_episode(vocab_size, end, horizon):
    """All sequences up to the horizon, of which those remain that end in time or are cut off."""
    found = [a for n in range(1, horizon + 1) for a in itertools.product(range(vocab_size), repeat=n)]
    return sorted(a for a in found if end not in a[:-1] and (a[-1] == end or len(a) == horizon))


def listed(names, vocab_size, end, horizon):
    found = names["all_episodes"](vocab_size, end, horizon)
    return sorted(tuple(int(token) for token in episode) for episode in found)


def tables(rng):
    """(theta, episode)"""
    yield np.zeros((3, 2)), (0,)
    yield np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), (1,)
    yield np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), (1, 0)
    yield np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), (1, 1, 0)
    yield np.array([[0.0, 0.0], [1000.0, 0.0], [0.0, 2.0]]), (1, 0)
    yield np.array([[0.0, 0.0], [1000.0, 0.0], [0.0, 2.0]]), (1, 1)
    for _ in range(12):
        V = int(rng.integers(2, 5))
        yield np.round(rng.normal(size=(V + 1, V)), 1), tuple(rng.integers(0, V, rng.integers(1, 5)).tolist())


def log_softmax(row):
    largest = max(row)
    return [x - largest - math.log(math.fsum(math.exp(y - largest) for y in row)) for x in row]


def true_log_prob(theta, episode):
    return math.fsum(
        log_softmax(theta[before].tolist())[token] for before, token in zip((-1, *episode), episode, strict=False)
    )


def true_gradient(theta, episode):
    gradient = np.zeros(theta.shape)
    for before, token in zip((-1, *episode), episode, strict=False):
        for other, log_pi in enumerate(log_softmax(theta[before].tolist())):
            gradient[before, other] += (other == token) - math.exp(log_pi)
    return gradient


def worlds(rng):
    """(theta, episodes, rewards)"""
    yield np.zeros((3, 2)), [(0,), (1, 0), (1, 1)], [1.0, 0.0, 0.0]
    for V, horizon in ((2, 2), (3, 2), (3, 3), (4, 2)):
        episodes = every_episode(V, 0, horizon)
        yield (
            np.round(rng.normal(size=(V + 1, V)), 1),
            episodes,
            rng.integers(0, 2, len(episodes)).astype(float).tolist(),
        )


def true_return(theta, episodes, rewards):
    return math.fsum(math.exp(true_log_prob(theta, e)) * r for e, r in zip(episodes, rewards, strict=True))


def slope_of_return(theta, episodes, rewards):
    """The gradient of J by the product rule, each p differentiated as a product of softmaxes."""
    gradient = np.zeros(theta.shape)
    for episode, reward in zip(episodes, rewards, strict=True):
        gradient += reward * math.exp(true_log_prob(theta, episode)) * true_gradient(theta, episode)
    return gradient


def agrees_with_measuring(call, theta, episodes, rewards):
    i, step = np.unravel_index(int(np.abs(slope_of_return(theta, episodes, rewards)).argmax()), theta.shape), 1e-5
    values = []
    for sign in (1, -1):
        moved = theta.copy()
        moved[i] += sign * step
        values.append(true_return(moved, episodes, rewards))
    return abs(call(theta, episodes, rewards)[i] - (values[0] - values[1]) / (2 * step)) < 1e-8


def groups(rng):
    yield (np.array([[1.0, 0.0]]),)
    yield (np.array([[1.0, 1.0, 0.0]]),)
    yield (np.array([[1.0, 0.0], [1.0, 1.0]]),)
    for _ in range(10):
        yield (rng.integers(0, 2, (rng.integers(1, 4), rng.integers(2, 6))).astype(float),)


def compared_with_others(rewards):
    out = np.zeros(rewards.shape)
    for (p, s), reward in np.ndenumerate(rewards):
        out[p, s] = reward - np.delete(rewards[p], s).mean()
    return out


def token_rows(rng):
    yield np.array([1.0]), np.array([True]), 1
    yield np.array([0.5, 0.5]), np.array([False, True]), 1
    yield np.array([0.5, 0.5, -1.0, -1.0]), np.array([False, True, False, True]), 4
    for kind in (np.float64, np.float32):
        for _ in range(4):
            n = int(rng.integers(2, 9))
            yield (
                np.round(rng.normal(size=n), 1).astype(kind),
                rng.integers(0, 2, n).astype(bool),
                int(rng.integers(1, 20)),
            )


def right_weights(advantages, is_action, N):
    return np.array(
        [a / N if chosen else 0.0 for a, chosen in zip(advantages, is_action, strict=True)], advantages.dtype
    )


TABLE = Bound(40, 4.0, reason="a few exponentials and logarithms")
MANY = Bound(400, 1.0, reason="a sum over all episodes")

CHECKS = {
    "all_episodes": Check(
        cases=lambda rng: [(2, 0, 1), (2, 0, 2), (3, 0, 2), (3, 2, 3), (5, 0, 3)],
        expected=every_episode,
        observe=listed,
        show=lambda V, end, horizon: f"sorted(all_episodes({V}, {end}, {horizon}))",
        shrink=False,
    ),
    "log_prob": Check(
        cases=tables,
        expected=true_log_prob,
        bound=lambda theta, episode: Bound(
            40, float(np.abs(theta).max()) + 1, reason="a few exponentials and logarithms"
        ),
        shrink=False,
    ),
    "expected_return": Check(cases=worlds, expected=true_return, bound=MANY, shrink=False),
    "grad_log_prob": Check(
        cases=tables,
        expected=true_gradient,
        bound=TABLE,
        properties=(
            Property(
                "each row of the gradient adds up to 0, as adding to all logits of a row changes nothing",
                lambda call, theta, episode: np.abs(call(theta, episode).sum(axis=1)).max() < 1e-9,
            ),
        ),
        shrink=False,
    ),
    "policy_gradient": Check(
        cases=worlds,
        expected=slope_of_return,
        bound=MANY,
        properties=(Property("it agrees with the measured slope of the expected return", agrees_with_measuring),),
        shrink=False,
    ),
    "leave_one_out": Check(
        cases=groups,
        expected=compared_with_others,
        bound=Bound(10, 1.0, reason="a mean over the samples"),
        properties=(
            Property(
                "the advantages of each problem add up to 0", lambda call, r: np.abs(call(r).sum(axis=1)).max() < 1e-9
            ),
        ),
        only=lambda r: r.shape[1] >= 2,
    ),
    "token_weights": Check(cases=token_rows, expected=right_weights, bound=Bound(2, reason="a division"), shrink=False),
}
