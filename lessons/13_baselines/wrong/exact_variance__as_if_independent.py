"""This takes |E[A_1 g_1]|² for the middle term. That would be right if the terms of the mean were independent. A_1
and A_2 are made from the same rewards, so E[A_1 A_2 g_1·g_2] is another number, and needs a sum of its own."""


def exact_variance(advantage, probability, mean, square, n):
    own = 0.0
    for rewards in itertools.product((0, 1), repeat=n):
        A = advantage(np.array([rewards], float))[0]
        own += A[0] ** 2 * math.prod(probability[r] for r in rewards[1:]) * square[rewards[0]]
    average = exact_mean(advantage, probability, mean, n)
    return float((own - average @ average) / n)
