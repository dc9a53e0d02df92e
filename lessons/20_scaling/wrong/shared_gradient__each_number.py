"""This limits each number by itself, which changes the direction. All numbers are multiplied by one
factor."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    mean = all_reduce(gradient * tokens) / all_reduce(np.array([tokens], gradient.dtype))
    return np.clip(mean, -max_norm, max_norm)
