"""These are the sums of the logits. A logit becomes a log-probability when the log-sum-exp of its row is
subtracted."""


def log_prob(theta, episode):
    return float(sum(theta[before, token] for before, token in zip((-1, *episode), episode)))
