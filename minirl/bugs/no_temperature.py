"""Rollouts are sampled at a temperature, but the update computes log-probabilities without it.

The policy that acts is softmax(logits / temperature). An update without the division differentiates another policy,
which never acted: the gradient is biased, and ratios and KL are wrong from the first step on. Nothing crashes. At
temperature 1 the bug has no effect, and even at others the reward may rise. The sign: for the same tokens, the
log-probabilities that the rollout recorded differ from the log-probabilities that training computes. Another sign: the
KL from the starting policy is not 0 before the first update, though by definition it must be.

Seen in huggingface/trl (PR 3029) and OpenRLHF/OpenRLHF (PR 853).
"""

from minirl.bugs.bug import Bug, Function
from minirl.model import GPT
from minirl.rl.batch import Batch
from minirl.tensor import Tensor


def left_out(scaled_hidden: Function) -> Function:
    """Hidden states that are not divided by the temperature."""

    def wrong(model: GPT, batch: Batch, temperature: float) -> Tensor:
        return scaled_hidden(model, batch, 1.0)

    return wrong


BUG = Bug(
    name="no temperature",
    where="minirl.rl.loss:scaled_hidden",
    story=__doc__,
    symptom="training and rollout disagree on log pi, but not at temperature 1; KL begins above 0",
    signs=("log pi gap", "KL to start"),
    exposed_by="tests/rl/test_rollout.py::test_its_log_probabilities_are_those_of_the_training_forward",
    break_=left_out,
)
