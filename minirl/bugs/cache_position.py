"""With the KV cache, each new token is told that it stands one place further on than it does.

The prompt's positions are right. From then on the place of a token is how many are in the cache, and whether that
number already counts the new token is where an off-by-one gets in. Nothing crashes, as one place more is a valid place;
training never uses the cache, so its loss is perfect; short answers may be as good as ever, for the model copes with a
gap. But the policy that acts is not the one that is trained. The sign is again the comparison of the log-probabilities
that the rollout recorded with those of the training forward, and unlike a missing temperature it stays at temperature
1.

A relative of it was had by skyzh/tiny-llm (PR 46: after the prompt, the offset was moved on by the prompt's length
again).
"""

from typing import Any

import numpy as np

from minirl.autograd import Array
from minirl.bugs.bug import Bug, Function
from minirl.model import GPT
from minirl.model.transformer import Past
from minirl.tensor import Tensor


def one_further(_blocks: Function) -> Function:
    def wrong(model: GPT, ids: Array, positions: Array, documents: Any = None, past: Past | None = None) -> Tensor:
        if past is not None and past.cache.lengths.any():
            positions = np.minimum(positions + np.int32(1), np.int32(model.config.context_length - 1))
        return _blocks(model, ids, positions, documents, past)

    return wrong


BUG = Bug(
    name="cache position",
    where="minirl.model.transformer:GPT._blocks",
    story=__doc__,
    symptom="training and rollout disagree on log pi at every temperature; KL begins above 0",
    signs=("log pi gap", "log pi gap at 1", "KL to start"),
    exposed_by="tests/model/test_cache.py::test_one_token_at_a_time",
    break_=one_further,
)
