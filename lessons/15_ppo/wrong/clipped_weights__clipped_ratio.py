"""The weight is the clipped ratio times A throughout. Clipping decides where an action no longer counts: there the
weight is 0, and everywhere else it is ratio · A."""


def clipped_weights(ratio, A, eps):
    return np.clip(ratio, 1 - eps, 1 + eps) * A
