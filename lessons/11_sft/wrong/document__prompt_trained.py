"""Every token is learned here, those of the prompt too. When the model is asked, the prompt is given: it need not
be able to say it."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, np.ones(len(ids), bool)
