"""This is the mean loss. The perplexity is e to its power."""


def perplexity(log_probs):
    return -sum(float(part.sum()) for part in log_probs) / sum(map(len, log_probs))
