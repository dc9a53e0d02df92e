"""The budget has the wrong exponent. It stands in D = budget / (6 N), and D has the exponent beta."""


def best_size(budget, A, alpha, B, beta):
    return (alpha * A / (beta * B) * (budget / 6) ** alpha) ** (1 / (alpha + beta))
