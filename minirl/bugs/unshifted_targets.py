"""The targets are the ids themselves, not the ids one to the left: the model learns to repeat what it has just read.

Both arrays have the same shape, so nothing crashes. Some code shifts inside the model and some before it, and between
two that leave it to each other nobody does. The loss looks better than ever, since to repeat is easy: it falls below
anything that text with a choice in it allows. That is the sign. A held-out loss made by the same code falls with it;
only what the model writes shows that it has learned nothing.

Had by huggingface/transformers (issue 27517: a decoder that seemed to copy its input) and KempnerInstitute/KempnerForge
(issue 154: captioning loss 0.0000 by step 980).
"""

from collections.abc import Sequence

from minirl.bugs.bug import Bug, Function
from minirl.data import Batch, Document


def unshifted(pack: Function) -> Function:
    def wrong(documents: Sequence[Document]) -> Batch:
        batch = pack(documents)
        return batch._replace(targets=batch.ids.copy())

    return wrong


BUG = Bug(
    name="unshifted targets",
    where="minirl.data.batch:pack",
    story=__doc__,
    symptom="the loss goes to 0, and no answer is right",
    signs=("SFT loss", "pass@1", "finished"),
    exposed_by="tests/data/test_data.py::TestPack::test_targets_are_the_ids_one_to_the_left",
    break_=unshifted,
)
