"""This sums first, and then clips by the norm of its own gradient. Every rank then multiplies with another
factor. Take the norm of the sum."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    total = all_reduce(gradient * tokens)
    mean = total / all_reduce(np.array([tokens], gradient.dtype))
    norm = math.sqrt((gradient * gradient).sum())
    return mean * (max_norm / norm) if norm > max_norm else mean
