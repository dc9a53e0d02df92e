"""The factor (n - 1) / n of the middle term is missing. Of the n² products, n (n - 1) are products of two different
terms, and all are divided by n²."""


def exact_variance(advantage, probability, mean, square, n):
    own = pairs = 0.0
    for rewards in itertools.product((0, 1), repeat=n):
        A = advantage(np.array([rewards], float))[0]
        others = math.prod(probability[r] for r in rewards[1:])
        own += A[0] ** 2 * others * square[rewards[0]]
        if n > 1:
            rest = math.prod(probability[r] for r in rewards[2:])
            pairs += A[0] * A[1] * rest * (mean[rewards[0]] @ mean[rewards[1]])
    average = exact_mean(advantage, probability, mean, n)
    return float(own / n + pairs - average @ average)
