"""k2 is not halved. Near q = 1 it would then be twice as large as the KL."""


def kl_estimate(log_q, kind):
    if kind == "k1":
        return -log_q
    if kind == "k2":
        return log_q**2
    return np.exp(log_q) - log_q - 1
