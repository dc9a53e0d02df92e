"""The two ends are exchanged: this is what comes out with the larger of the two products in place of the smaller
one."""


def clipped_weights(ratio, A, eps):
    out = np.where(A < 0, ratio > 1 + eps, ratio < 1 - eps)
    return np.where(out, 0.0, ratio * A)
