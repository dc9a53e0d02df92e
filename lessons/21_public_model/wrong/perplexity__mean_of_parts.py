"""This is the mean of the parts' perplexities. Every token counts the same: add up all log-probabilities, divide
once, and take e to the power at the end."""


def perplexity(log_probs):
    return float(np.mean([math.exp(-part.mean()) for part in log_probs]))
