"""The end token is missing. It belongs to the demonstration like every other token that the model has to say."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer])
    return ids, np.arange(len(ids)) >= len(prompt)
