"""The end token has no weight in the loss, so the model never learns to stop.

Rows of unequal length are filled up with a padding token that must not count. A tokenizer without one is often given
the end token instead, and then the line that masks the padding masks the true end of every answer as well. Nothing
crashes and the loss is fine. But an answer runs on until it is cut off, and an answer that was cut off is no answer:
the reward is 0 for all, and RL has nothing to learn from. Look at the finished share before you look at the reward.

minirl has no padding, so the bug is planted in its effect. Had by huggingface/trl (issue 1623, PR 3091, and again in PR
6357 in two other trainers), whose examples set the padding token to the end token.
"""

from collections.abc import Iterable

from minirl.bugs.bug import Bug, Function
from minirl.data import Document
from minirl.data.document import END, Pieces
from minirl.tokenizer import Tokenizer


def masked(encode_documents: Function) -> Function:
    def wrong(tokenizer: Tokenizer, documents: Iterable[Pieces]) -> list[Document]:
        encoded: list[Document] = encode_documents(tokenizer, documents)
        for ids, weights in encoded:
            weights[ids == tokenizer.special_tokens[END]] = 0
        return encoded

    return wrong


BUG = Bug(
    name="masked end",
    where="minirl.data.document:encode_documents",
    story=__doc__,
    symptom="the loss is fine; answers never end, so none is right",
    signs=("trained on", "finished", "answer tokens", "pass@1", "reward"),
    exposed_by="tests/data/test_data.py::TestDocument::test_pieces_keep_their_weights",
    break_=masked,
)
