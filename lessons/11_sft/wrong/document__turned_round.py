"""The mask is turned round: the prompt is learned and the answer is not."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, np.arange(len(ids)) < len(prompt)
