"""In k3 the term - log q is missing. q - 1 alone is 0 on average, whatever the policies are."""


def kl_estimate(log_q, kind):
    if kind == "k1":
        return -log_q
    if kind == "k2":
        return log_q**2 / 2
    return np.exp(log_q) - 1
