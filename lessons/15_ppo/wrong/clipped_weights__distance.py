"""The lower end is taken at 1 / (1 + eps). It is 1 - eps."""


def clipped_weights(ratio, A, eps):
    out = np.where(A > 0, ratio > 1 + eps, ratio < 1 / (1 + eps))
    return np.where(out, 0.0, ratio * A)
