"""The power of N is not taken back: N^(alpha + beta) is what was computed, and N is asked for."""


def best_size(budget, A, alpha, B, beta):
    return alpha * A / (beta * B) * (budget / 6) ** beta
