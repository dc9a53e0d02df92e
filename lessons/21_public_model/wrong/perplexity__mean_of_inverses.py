"""This is the mean of 1 / probability, in which one very unlikely token outweighs all others. Take the mean of the
logarithms first."""


def perplexity(log_probs):
    return float(np.mean(np.exp(-np.concatenate(log_probs))))
