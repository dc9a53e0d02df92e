"""The mask is that of the inputs. It has to be that of the targets, the tokens after them: here the first token of the
answer is not learned, and the last token of the prompt is counted instead."""

import numpy as np


def pack(documents):
    return (
        np.concatenate([ids[:-1] for ids, _ in documents]),
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([mask[:-1] for _, mask in documents]),
        np.cumsum([0, *(len(ids) - 1 for ids, _ in documents)]),
    )
