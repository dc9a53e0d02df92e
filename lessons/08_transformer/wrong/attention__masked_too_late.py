"""The weights of later tokens are set to 0 after the softmax, so the weights of a row no longer add up to 1. The
mask belongs before the softmax."""

import math

import numpy as np


def attention(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) * np.tril(np.ones((len(q), len(q)))) @ v
