"""This drops an action on either side, whatever its advantage is. A good action that became *less* likely has to be
brought back, and a bad one that became likelier has to be pushed down: these count."""


def clipped_weights(ratio, A, eps):
    out = (ratio > 1 + eps) | (ratio < 1 - eps)
    return np.where(out, 0.0, ratio * A)
