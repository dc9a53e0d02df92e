"""This always names a winner. Two means are hardly ever exactly equal. The question is whether their difference is
larger than what chance does."""


def verdict(first, second, t):
    return "first" if np.mean(first) > np.mean(second) else "second"
