"""The sum is divided by the number of parts. It has to be divided by the number of tokens."""


def perplexity(log_probs):
    return math.exp(-sum(float(part.sum()) for part in log_probs) / len(log_probs))
