"""Every part counts the same here, a short one as much as a long one. Every token does: divide the whole sum by the
number of all tokens."""


def perplexity(log_probs):
    return math.exp(-float(np.mean([part.mean() for part in log_probs])))
