"""The weight is A where the action counts. The derivative of ratio · A with respect to log π is ratio · A again."""


def clipped_weights(ratio, A, eps):
    out = np.where(A > 0, ratio > 1 + eps, ratio < 1 - eps)
    return np.where(out, 0.0, A)
