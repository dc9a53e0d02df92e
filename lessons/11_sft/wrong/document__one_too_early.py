"""The last token of the prompt is learned too. The mask begins one place later, with the first token of the answer."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, np.arange(len(ids)) >= len(prompt) - 1
