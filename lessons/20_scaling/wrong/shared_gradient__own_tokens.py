"""This divides the sum over all ranks by the tokens of this rank alone. Divide by the tokens of all ranks."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    total = all_reduce(gradient * tokens)
    mean = total / max(tokens, 1)
    norm = math.sqrt((mean * mean).sum())
    return mean * (max_norm / norm) if norm > max_norm else mean
