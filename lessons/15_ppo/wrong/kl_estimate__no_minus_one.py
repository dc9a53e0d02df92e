"""In k3 the -1 is missing, so that it is 1 and not 0 where the two policies agree."""


def kl_estimate(log_q, kind):
    if kind == "k1":
        return -log_q
    if kind == "k2":
        return log_q**2 / 2
    return np.exp(log_q) - log_q
