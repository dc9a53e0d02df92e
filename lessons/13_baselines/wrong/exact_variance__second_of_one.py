"""With a single episode there is no second one, so A[1] and rewards[1] do not exist. The middle term has the factor
(n - 1) / n, which is 0 for n = 1: leave it out there."""


def exact_variance(advantage, probability, mean, square, n):
    own = pairs = 0.0
    for rewards in itertools.product((0, 1), repeat=n):
        A = advantage(np.array([rewards], float))[0]
        others = math.prod(probability[r] for r in rewards[1:])
        own += A[0] ** 2 * others * square[rewards[0]]
        rest = math.prod(probability[r] for r in rewards[2:])
        pairs += A[0] * A[1] * rest * (mean[rewards[0]] @ mean[rewards[1]])
    average = exact_mean(advantage, probability, mean, n)
    return float(own / n + (n - 1) / n * pairs - average @ average)
