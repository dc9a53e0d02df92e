"""With the KV cache, each new token gets the position after its own: one too many.

The prompt's positions are right. After the prompt, a token's position is the number of tokens in the cache. Whether
that number already includes the new token is where an off-by-one slips in. Nothing crashes, because the next position
is valid too. Training never uses the cache, so its loss is perfect. Short answers may stay good, because the model
copes with a gap. But the policy that acts is not the policy that is trained. The sign: the log-probabilities that the
rollout recorded differ from the log-probabilities of the training forward. Unlike with a missing temperature, they
differ at temperature 1 too.

A similar bug was seen in skyzh/tiny-llm (PR 46: after the prompt, the prompt's length was added to the offset twice).
"""

from typing import Any

import numpy as np

from minirl.autograd import Array
from minirl.bugs.bug import Bug, Function
from minirl.model import GPT
from minirl.model.transformer import Past
from minirl.tensor import Tensor


def one_further(_blocks: Function) -> Function:
    """Blocks that add 1 to every position once the cache is in use."""

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
