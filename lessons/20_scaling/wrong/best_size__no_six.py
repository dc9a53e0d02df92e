"""This takes the budget as N D. Training takes 6 operations for each parameter and token, so N D is a sixth
of the budget."""


def best_size(budget, A, alpha, B, beta):
    return (alpha * A / (beta * B) * budget**beta) ** (1 / (alpha + beta))
