"""Where an action is clipped, this gives it the clipped ratio times A. The clipped product is a constant there, so
its derivative is 0."""


def clipped_weights(ratio, A, eps):
    near = np.clip(ratio, 1 - eps, 1 + eps) * A
    return np.minimum(ratio * A, near)
