"""Rollouts are sampled at a temperature, and the update asks for log-probabilities without it.

The policy that acts is softmax(logits / temperature). An update that leaves the division out differentiates another
policy, which never acted: the gradient is biased, ratios and KL are wrong from the first step on. Nothing crashes, and
at temperature 1 there is nothing to see; the reward may even rise. The sign is a comparison: the log-probabilities
which the rollout recorded, with those that training computes for the same tokens. Or the KL from the starting policy,
which is 0 before the first update, by definition.

Had by huggingface/trl (PR 3029) and OpenRLHF/OpenRLHF (PR 853).
"""

from minirl.bugs.bug import Bug, Function
from minirl.model import GPT
from minirl.rl.batch import Batch
from minirl.tensor import Tensor


def left_out(scaled_hidden: Function) -> Function:
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
