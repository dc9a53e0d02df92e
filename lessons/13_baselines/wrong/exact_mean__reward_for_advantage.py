"""The reward itself stands where the advantage should. Call advantage(...) with the rewards as an array of shape (1,
n)."""


def exact_mean(advantage, probability, mean, n):
    total = np.zeros(mean.shape[1])
    for rewards in itertools.product((0, 1), repeat=n):
        others = math.prod(probability[r] for r in rewards[1:])
        total += rewards[0] * others * mean[rewards[0]]
    return total
