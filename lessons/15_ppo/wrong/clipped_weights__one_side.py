"""The upper end acts for all actions. Where A is negative the product turns round, and it is the lower end that
acts."""


def clipped_weights(ratio, A, eps):
    return np.where(ratio > 1 + eps, 0.0, ratio * A)
