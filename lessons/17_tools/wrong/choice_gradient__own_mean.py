"""The mean has the try's own reward in it. Compare each try with the others: their sum is rewards.sum() - rewards,
and they are n - 1."""


def choice_gradient(theta, chosen, rewards):
    advantages = rewards - rewards.mean()
    weights = np.exp(theta - theta.max())
    pi = weights / weights.sum()
    return (advantages[:, None] * (np.eye(len(theta))[chosen] - pi)).mean(axis=0)
