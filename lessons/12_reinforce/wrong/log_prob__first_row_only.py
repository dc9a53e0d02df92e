"""Every action is looked up in the row for the first token. After an action, the row of that token decides."""

import numpy as np


def log_prob(theta, episode):
    row = theta[-1] - theta[-1].max()
    return float(sum(row[token] - np.log(np.exp(row).sum()) for token in episode))
