"""All vectors of rewards count alike. A vector comes up with the product of the probabilities of its rewards:
multiply by the probabilities of the other n - 1."""


def exact_mean(advantage, probability, mean, n):
    total = np.zeros(mean.shape[1])
    for rewards in itertools.product((0, 1), repeat=n):
        total += advantage(np.array([rewards], float))[0][0] * mean[rewards[0]]
    return total / 2 ** (n - 1)
