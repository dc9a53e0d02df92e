"""This makes every gradient max_norm long, short ones too. Only what is longer is shortened."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    total = all_reduce(gradient * tokens)
    mean = total / all_reduce(np.array([tokens], gradient.dtype))
    norm = math.sqrt((mean * mean).sum())
    return mean * (max_norm / norm) if norm > 0 else mean
