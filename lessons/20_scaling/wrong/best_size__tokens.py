"""This is the best number of tokens, D. What is asked for is the size, N."""


def best_size(budget, A, alpha, B, beta):
    size = (alpha * A / (beta * B) * (budget / 6) ** beta) ** (1 / (alpha + beta))
    return budget / (6 * size)
