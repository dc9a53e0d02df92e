"""k1 has the wrong sign. log_q is log π₀ - log π, and KL(π || π₀) is the mean of log π - log π₀."""


def kl_estimate(log_q, kind):
    if kind == "k1":
        return log_q
    if kind == "k2":
        return log_q**2 / 2
    return np.exp(log_q) - log_q - 1
