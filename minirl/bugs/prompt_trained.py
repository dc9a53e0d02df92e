"""Fine-tuning trains on the prompts too: the model learns to ask as well as to answer.

A weight of 1 is as valid as one of 0, so nothing crashes, and where questions are short the answers are as good as
ever, which is why it goes unnoticed. Where they are long the gradient is mostly about them. The loss tells: what will
be asked cannot be known, so it stops falling at a height that is the questions' own entropy. And counting tells: so
many tokens of a demonstration have a weight, so many has its completion.

Had by huggingface/trl (issue 4147: the mask of prompt and completion was wrong for conversations) and
huggingface/open-r1 (issue 517: labels and input ids were identical). In the policy gradient the same bug hides better
still: leave-one-out advantages sum to 0 over the samples of a prompt, and so do their pulls on its tokens
(tests/rl/test_gradient.py).
"""

from collections.abc import Sequence

from minirl.bugs.bug import Bug, Function
from minirl.data import Document
from minirl.tasks import Problem
from minirl.tokenizer import Tokenizer


def everything_counts(solved: Function) -> Function:
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
    symptom="the loss stops falling above its clean height; answers may be as good as ever",
    signs=("SFT loss", "trained on"),
    exposed_by="tests/train/test_stage.py::TestCompletionOnly::test_prompt_tokens_have_no_weight",
    break_=everything_counts,
)
