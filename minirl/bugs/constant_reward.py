"""Every episode gets the same reward, here 0, because the checker reads the prompt instead of the completion.

The advantage of an episode says how much better it was than the other episodes of its prompt. If all rewards are equal,
every advantage is 0, and so is the gradient. The run goes on for hours, writes its checkpoints, and ends with the model
that it began with. Nothing crashes: 0 is a plausible reward for a weak model. The signs: an informative share of 0 and
a gradient norm of exactly 0 from the first step on, though the samples read well. `minirl.rl.preflight` checks this
before a run begins.

Seen in jsboige/CoursIA (PR 10504) and greyhaven-ai/autocontext (PR 1070: without a chat template no answer ended, and
all rewards were 0).
"""

from minirl.bugs.bug import Bug, Function
from minirl.tasks import Problem, Task


def shown_the_prompt(final_reward: Function) -> Function:
    """A reward that is computed from the prompt."""

    def wrong(task: Task, problem: Problem, text: str, finished: bool) -> float:
        return final_reward(task, problem, problem.prompt, finished)

    return wrong


BUG = Bug(
    name="constant reward",
    where="minirl.rl.mdp:final_reward",
    story=__doc__,
    symptom="reward, informative share and gradient are 0 at every step, though answers end and read well",
    signs=("pass@1", "reward", "informative", "gradient norm"),
    exposed_by="tests/rl/test_notes.py::test_the_reward_of_the_last_action_is_1_for_a_correct_answer",
    break_=shown_the_prompt,
)
