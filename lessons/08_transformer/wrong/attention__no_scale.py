"""The scores are not divided by the square root of D. They grow with the width of a head, and the softmax then
looks at a single token."""

import numpy as np


def attention(q, k, v):
    scores = np.where(np.tril(np.ones((len(q), len(q)), bool)), q @ k.T, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v
