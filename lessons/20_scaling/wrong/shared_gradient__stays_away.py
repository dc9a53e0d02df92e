"""A rank without tokens does not call all_reduce here, and the other ranks wait for it for ever. It has
nothing to add, and has to take part."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    if tokens == 0:
        return gradient
    total = all_reduce(gradient * tokens)
    mean = total / all_reduce(np.array([tokens], gradient.dtype))
    norm = math.sqrt((mean * mean).sum())
    return mean * (max_norm / norm) if norm > max_norm else mean
