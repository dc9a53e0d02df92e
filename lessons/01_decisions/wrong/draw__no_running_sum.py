"""Each probability is compared with u by itself. The intervals lie end to end: compare the running sum,
np.cumsum(pi)."""


def draw(pi, u):
    for action, p in enumerate(pi):
        if p > u:
            return action
    return len(pi) - 1
