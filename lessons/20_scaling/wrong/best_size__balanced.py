"""This makes the two parts of the loss equally large. They need not be: at the best size they *change*
equally fast, so alpha and beta are factors too."""


def best_size(budget, A, alpha, B, beta):
    return (A / B * (budget / 6) ** beta) ** (1 / (alpha + beta))
