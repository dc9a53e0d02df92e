"""Each micro-batch is averaged over its own tokens, and the averages are averaged.

A batch too large for one pass is cut into parts, and the gradients of the parts are added. The mean of the parts' means
is the mean of the whole only if all parts have the same number of targets. Otherwise a token of a short answer counts
more than a token of a long one, and the update depends on where the batch was cut. Nothing crashes, and no curve looks
wrong: the loss falls, only to a slightly different place. To expose it, compute one gradient twice, in one piece and in
parts.

Seen in karpathy/nanochat (PR 59 and 400), PrimeIntellect-ai/prime-rl (PR 583), ml-explore/mlx-lm (PR 1413) and others.
"""

from minirl.bugs.bug import Bug, Function
from minirl.data import Batch
from minirl.model import GPT


def averaged_twice(accumulate_gradients: Function) -> Function:
    """Gradients that are averaged in each part, and then over the parts."""

    def wrong(model: GPT, batch: Batch, micro_rows: int) -> float:
        parts = batch.split(micro_rows)
        total = 0.0
        for part in parts:
            loss = model.loss(*part.normalised()) * (1 / len(parts))
            loss.backward()
            total += loss.item()
        return total

    return wrong


BUG = Bug(
    name="mean of means",
    where="minirl.train.stage:accumulate_gradients",
    story=__doc__,
    symptom="nothing; the gradient changes with the size of the micro-batches",
    signs=("parts gap",),
    exposed_by="tests/train/test_stage.py::test_accumulation_equals_the_large_batch",
    break_=averaged_twice,
)
