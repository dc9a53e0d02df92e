"""This clips by the sum of the norms of all ranks. Gradients of several ranks point in different directions,
so their sum is shorter. Take the norm of the mean."""


def shared_gradient(gradient, tokens, max_norm, all_reduce):
    total = all_reduce(gradient * tokens)
    mean = total / all_reduce(np.array([tokens], gradient.dtype))
    norm = float(all_reduce(np.array([math.sqrt((gradient * gradient).sum())]))[0])
    return mean * (max_norm / norm) if norm > max_norm else mean
