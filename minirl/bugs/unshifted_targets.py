"""The targets are the ids themselves, not the ids one to the left: the model learns to repeat the token it just read.

Both arrays have the same shape, so nothing crashes. Some code shifts the targets inside the model, some before the
model; where each part relies on the other, nobody shifts. Repeating is easy, so the loss looks better than ever. The
sign: the loss falls below the entropy of the text, which no prediction can. The held-out loss falls too, because the
same code computes it. Only the generated text shows that the model has learned nothing.

Seen in huggingface/transformers (issue 27517: a decoder that seemed to copy its input) and
KempnerInstitute/KempnerForge (issue 154: captioning loss 0.0000 by step 980).
"""

from collections.abc import Sequence

from minirl.bugs.bug import Bug, Function
from minirl.data import Batch, Document


def unshifted(pack: Function) -> Function:
    """Batches whose targets are their ids."""

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
