"""The rewards are taken as they are. A is the reward minus the mean reward of the other tries: if all are paid
alike, nothing is learned."""


def choice_gradient(theta, chosen, rewards):
    weights = np.exp(theta - theta.max())
    pi = weights / weights.sum()
    return (rewards[:, None] * (np.eye(len(theta))[chosen] - pi)).mean(axis=0)
