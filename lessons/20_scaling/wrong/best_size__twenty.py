"""This takes the rule of 20 tokens for each parameter. The rule comes from a law that was fitted to other
models. Use the numbers of this one."""


def best_size(budget, A, alpha, B, beta):
    return math.sqrt(budget / 120)
