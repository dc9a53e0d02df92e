"""Tokens of the answer that occur in the prompt too are not learned here. What counts is where a token stands, not
which token it is: the numbers of a question come again in its answer."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, ~np.isin(ids, prompt)
