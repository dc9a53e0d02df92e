"""The end token has no weight in the loss, so the model never learns to stop.

Rows of unequal length are padded with a token that must not count in the loss. If a tokenizer has no padding token, the
end token is often used instead. Then the line that masks the padding also masks the true end of every answer. Nothing
crashes, and the loss is fine. But the answers run on until they are cut off, and an answer that was cut off does not
count: every reward is 0, and RL has nothing to learn from. Look at the finished share before you look at the reward.

minirl has no padding, so only the bug's effect is planted. Seen in huggingface/trl, whose examples set the padding
token to the end token (issue 1623, PR 3091, and again in PR 6357 in two other trainers).
"""

from collections.abc import Iterable

from minirl.bugs.bug import Bug, Function
from minirl.data import Document
from minirl.data.document import END, Pieces
from minirl.tokenizer import Tokenizer


def masked(encode_documents: Function) -> Function:
    """Documents whose end token has weight 0."""

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
