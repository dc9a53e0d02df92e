"""This takes 2 to the power. The logarithms are natural ones, so it has to be e, math.exp."""


def perplexity(log_probs):
    return 2 ** (-sum(float(part.sum()) for part in log_probs) / sum(map(len, log_probs)))
