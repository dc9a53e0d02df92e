"""Every token sees all others, the later ones too. In training, the answer would stand in front of the model's
eyes."""

import math

import numpy as np


def attention(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v
