"""This also differentiates the factor π(a), and so gives the gradient of the mean of k. The actions are samples that
are held fixed: the factor only counts how often each comes up."""


def average_gradient(z, log_ref, kind):
    log_pi = z - z.max()
    log_pi = log_pi - np.log(np.exp(log_pi).sum())
    pi, log_q = np.exp(log_pi), log_ref - log_pi
    slope = {"k1": np.ones(len(z)), "k2": -log_q, "k3": 1 - np.exp(log_q)}[kind]
    k = {"k1": -log_q, "k2": log_q**2 / 2, "k3": np.exp(log_q) - log_q - 1}[kind]
    both = slope + k
    return pi * both - pi * (pi @ both)
