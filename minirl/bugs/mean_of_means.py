"""Each micro-batch is averaged over its own tokens, and the averages are averaged.

A batch too large for one pass is cut into parts whose gradients are added up. The mean of the parts' means is the mean
of the whole only where all parts have equally many targets. Where they have not, tokens of short answers pull harder
than tokens of long ones, and the update depends on how the batch happened to be cut. Nothing crashes, and no curve
looks wrong: the loss falls, a little elsewhere. What exposes it is to compute one gradient twice, in one piece and in
parts.

Had by karpathy/nanochat (PR 59 and 400), PrimeIntellect-ai/prime-rl (PR 583), ml-explore/mlx-lm (PR 1413) and others.
"""

from minirl.bugs.bug import Bug, Function
from minirl.data import Batch
from minirl.model import GPT


def averaged_twice(accumulate_gradients: Function) -> Function:
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
    symptom="none; the gradient changes with the size of the micro-batches",
    signs=("parts gap",),
    exposed_by="tests/train/test_stage.py::test_accumulation_equals_the_large_batch",
    break_=averaged_twice,
)
