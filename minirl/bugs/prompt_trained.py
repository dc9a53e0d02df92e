"""Fine-tuning trains on the prompts too: the model learns to ask as well as to answer.

A weight of 1 is as valid as a weight of 0, so nothing crashes. With short questions the answers stay as good as ever,
so nobody notices. With long questions most of the gradient is about the questions. The first sign is the loss: nobody
can predict which question comes, so the loss stops falling at the entropy of the questions. The second sign is a count:
more tokens of a demonstration have a weight than its completion has tokens.

Seen in huggingface/trl (issue 4147: the mask of prompt and completion was wrong for conversations) and
huggingface/open-r1 (issue 517: labels and input ids were identical). In the policy gradient the same bug is harder to
see: leave-one-out advantages sum to 0 over the samples of a prompt, so the gradients on the prompt's tokens cancel
(tests/rl/test_gradient.py).
"""

from collections.abc import Sequence

from minirl.bugs.bug import Bug, Function
from minirl.data import Document
from minirl.tasks import Problem
from minirl.tokenizer import Tokenizer


def everything_counts(solved: Function) -> Function:
    """Demonstrations in which every token has weight 1."""

    def wrong(tokenizer: Tokenizer, problems: Sequence[Problem]) -> list[Document]:
        documents: list[Document] = solved(tokenizer, problems)
        for _, weights in documents:
            weights[:] = 1
        return documents

    return wrong


BUG = Bug(
    name="prompt trained on",
    where="minirl.train.sft:solved",
    story=__doc__,
    symptom="the loss levels off higher than without the bug; answers may be no worse",
    signs=("SFT loss", "trained on"),
    exposed_by="tests/train/test_stage.py::TestCompletionOnly::test_prompt_tokens_have_no_weight",
    break_=everything_counts,
)
