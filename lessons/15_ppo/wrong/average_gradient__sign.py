"""The slope has the wrong sign. log q is log π₀ - log π, so it falls where log π rises."""


def average_gradient(z, log_ref, kind):
    log_pi = z - z.max()
    log_pi = log_pi - np.log(np.exp(log_pi).sum())
    pi, log_q = np.exp(log_pi), log_ref - log_pi
    slope = {"k1": -np.ones(len(z)), "k2": log_q, "k3": np.exp(log_q) - 1}[kind]
    return pi * slope - pi * (pi @ slope)
