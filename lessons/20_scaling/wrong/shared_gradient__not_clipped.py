"""This does not clip: where the mean is longer than max_norm, it has to be shortened."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    return all_reduce(gradient * tokens) / all_reduce(np.array([tokens], gradient.dtype))
