"""Only vectors in which the first reward is 1 are summed. An episode with reward 0 can have an advantage too."""


def exact_mean(advantage, probability, mean, n):
    total = np.zeros(mean.shape[1])
    for others in itertools.product((0, 1), repeat=n - 1):
        A = advantage(np.array([(1, *others)], float))[0]
        total += A[0] * math.prod(probability[r] for r in others) * mean[1]
    return total
