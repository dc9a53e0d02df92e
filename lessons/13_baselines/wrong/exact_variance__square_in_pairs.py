"""In the middle term stands A_1² in place of A_1 A_2. It is about two different episodes, and each has its own
advantage."""


def exact_variance(advantage, probability, mean, square, n):
    own = pairs = 0.0
    for rewards in itertools.product((0, 1), repeat=n):
        A = advantage(np.array([rewards], float))[0]
        others = math.prod(probability[r] for r in rewards[1:])
        own += A[0] ** 2 * others * square[rewards[0]]
        if n > 1:
            rest = math.prod(probability[r] for r in rewards[2:])
            pairs += A[0] ** 2 * rest * (mean[rewards[0]] @ mean[rewards[1]])
    average = exact_mean(advantage, probability, mean, n)
    return float(own / n + (n - 1) / n * pairs - average @ average)
