"""This goes downhill: e - pi is the gradient of log pi, and pi - e its opposite."""


def choice_gradient(theta, chosen, rewards):
    n = len(rewards)
    advantages = rewards - (rewards.sum() - rewards) / (n - 1)
    weights = np.exp(theta - theta.max())
    pi = weights / weights.sum()
    return (advantages[:, None] * (pi - np.eye(len(theta))[chosen])).mean(axis=0)
