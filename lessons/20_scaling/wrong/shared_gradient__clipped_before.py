"""Each rank clips its own gradient here, before the sum. That is another direction than the gradient of the
batch: the rank with the longest gradient loses most. Sum first."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    norm = math.sqrt((gradient * gradient).sum())
    gradient = gradient * (max_norm / norm) if norm > max_norm else gradient
    return all_reduce(gradient * tokens) / all_reduce(np.array([tokens], gradient.dtype))
