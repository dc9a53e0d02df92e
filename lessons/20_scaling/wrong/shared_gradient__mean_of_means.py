"""This gives every rank the same weight. Each token should count once, so a rank counts as often as it has
tokens (exercise 9.7)."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    total = all_reduce(gradient)
    mean = total / all_reduce(np.ones(1, gradient.dtype))
    norm = math.sqrt((mean * mean).sum())
    return mean * (max_norm / norm) if norm > max_norm else mean
