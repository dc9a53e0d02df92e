"""This is the sum over all tokens, and not the mean: it is not divided by their number."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    total = all_reduce(gradient * tokens)
    mean = total
    norm = math.sqrt((mean * mean).sum())
    return mean * (max_norm / norm) if norm > max_norm else mean
