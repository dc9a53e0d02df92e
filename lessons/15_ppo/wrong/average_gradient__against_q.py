"""The slope is the derivative with respect to q. It has to be the one with respect to log π: by the chain rule there
is a factor -q."""


def average_gradient(z, log_ref, kind):
    log_pi = z - z.max()
    log_pi = log_pi - np.log(np.exp(log_pi).sum())
    pi, log_q = np.exp(log_pi), log_ref - log_pi
    slope = {"k1": -np.exp(-log_q), "k2": log_q * np.exp(-log_q), "k3": 1 - np.exp(-log_q)}[kind]
    return pi * slope - pi * (pi @ slope)
