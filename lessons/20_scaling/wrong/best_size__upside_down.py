"""The fraction is upside down. A large A means that size matters much, so the best model is larger."""


def best_size(budget, A, alpha, B, beta):
    return (beta * B / (alpha * A) * (budget / 6) ** beta) ** (1 / (alpha + beta))
