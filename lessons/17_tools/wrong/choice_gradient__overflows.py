"""exp of a large logit overflows. Subtract the largest logit first; the softmax stays the same."""


def choice_gradient(theta, chosen, rewards):
    n = len(rewards)
    advantages = rewards - (rewards.sum() - rewards) / (n - 1)
    weights = np.exp(theta)
    pi = weights / weights.sum()
    return (advantages[:, None] * (np.eye(len(theta))[chosen] - pi)).mean(axis=0)
