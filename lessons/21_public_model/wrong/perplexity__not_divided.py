"""The sum is not divided by the number of tokens, so a longer text would have a larger perplexity."""


def perplexity(log_probs):
    return math.exp(-sum(float(part.sum()) for part in log_probs))
