"""The probability of the own reward is multiplied in as well. It is in mean[r] already: E[g 1(R = r)] is smaller
where r is rare. Multiply by the probabilities of the other n - 1 rewards only."""


def exact_mean(advantage, probability, mean, n):
    total = np.zeros(mean.shape[1])
    for rewards in itertools.product((0, 1), repeat=n):
        A = advantage(np.array([rewards], float))[0]
        total += A[0] * math.prod(probability[r] for r in rewards) * mean[rewards[0]]
    return total
