"""The minus is missing. Log-probabilities are negative, and a loss is minus their mean."""


def perplexity(log_probs):
    return math.exp(sum(float(part.sum()) for part in log_probs) / sum(map(len, log_probs)))
