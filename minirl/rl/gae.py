"""Generalized advantage estimation: how much better each single action was than expected (Schulman et al. 2016).

REINFORCE gives all actions of an episode one advantage. With a value function V(s_t), the reward that the policy can
expect from the state s_t on, each action gets its own. Take an answer whose first step is right and whose second step
is wrong, so its reward is 0:

    state       the prompt   after step 1   after step 2, the end
    V           0.5          0.9            0
    reward                   0              0
    advantage                +0.4           -0.9

Step 1 raised the expected reward, though the episode failed, and step 2 wasted it. The numbers below the line are

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t)       V = 0 after the last action, also where an episode was cut off

If V is wrong, so is delta. The sum of all later deltas does not depend on V(s_{t+1}), V(s_{t+2}), ... at all: they
cancel, and the return minus V(s_t) is left. lambda chooses between the two (equation 16 of the paper):

    A_t = sum_{l >= 0} (gamma lambda)^l delta_{t+l}

lambda = 1 has no bias, whatever V is. lambda = 0 has little variance, and the bias of V. The target that V should learn
is A_t + V(s_t).
"""

import numpy as np

from minirl.autograd import Array


def gae(rewards: Array, values: Array, gamma: float = 1.0, lam: float = 1.0) -> Array:
    """The advantages (n,) of an episode's n decisions. rewards: (n,), r_t. values: (n,), V(s_t).

        >>> gae([0, 0], [0.5, 0.9], lam=0.0).round(6).tolist()
        [0.4, -0.9]
        >>> gae([0, 0], [0.5, 0.9], lam=1.0).tolist()
        [-0.5, -0.9]

    Raises ValueError for other shapes.
    """
    r, V = (np.asarray(x, np.float64) for x in (rewards, values))
    if r.ndim != 1 or r.shape != V.shape:
        raise ValueError(f"gae: rewards have shape {r.shape}, values {V.shape}; expected (n,) both")
    A, after, following = np.zeros(len(r)), 0.0, 0.0  # after: A_{t+1}; following: V(s_{t+1})
    for t in range(len(r) - 1, -1, -1):
        after = r[t] + gamma * following - V[t] + gamma * lam * after
        A[t], following = after, V[t]
    return A


def episode_gae(rewards: Array, values: Array, decisions: Array, gamma: float = 1.0, lam: float = 1.0) -> Array:
    """The advantages (n,) of the n tokens of an answer, only some of which are decisions.

    decisions: (k,) whole numbers, ascending from 0: the tokens at which a decision is made and V is known. Tokens up to
    the next decision belong to the decision before them. The result of a tool is an example, which the agent did not
    choose; or a whole sentence, where V is known at its beginning alone. Such tokens take no time: their rewards count
    as the decision's, and they get its advantage. What `values` (n,) holds at them is not read.
    Raises ValueError where the first token is no decision.
    """
    starts = np.asarray(decisions)
    if not len(starts) or starts[0] != 0:
        raise ValueError(f"episode_gae: decisions begin {starts[:3].tolist()}; expected the first token, 0")
    collected = np.add.reduceat(np.asarray(rewards, np.float64), starts)
    A = gae(collected, np.asarray(values)[starts], gamma, lam)
    return np.repeat(A, np.diff([*starts.tolist(), len(rewards)]))
