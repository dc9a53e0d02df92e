"""k3 has q upside down, π / π₀ in place of π₀ / π. Its mean over actions of π is then another number."""


def kl_estimate(log_q, kind):
    if kind == "k1":
        return -log_q
    if kind == "k2":
        return log_q**2 / 2
    return np.exp(-log_q) + log_q - 1
