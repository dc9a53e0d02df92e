"""The logits stand where log π is meant. They are not normalised: log π(a) is z(a) minus the log of the sum of all
e^z."""


def average_gradient(z, log_ref, kind):
    pi = np.exp(z - z.max())
    pi = pi / pi.sum()
    log_q = log_ref - z
    slope = {"k1": np.ones(len(z)), "k2": -log_q, "k3": 1 - np.exp(log_q)}[kind]
    return pi * slope - pi * (pi @ slope)
