"""All samples of a prompt begin with the same token.

A prompt is computed once for all its samples, so its last logits exist once. If one token is drawn from them before
they are copied to the samples, then all 8 samples of a group take the same first action. Nothing crashes: each sample
is possible, each log-probability is right, and a single sample has the right distribution. Only the samples are no
longer independent, and leave-one-out compares nothing but copies at the first action. Where the first token decides the
answer, the samples of a prompt are all right or all wrong. The sign: the informative share falls, while the reward
before training is unchanged.

Seen in karpathy/nanochat (PR 38 and 201; its tests/test_engine.py now guards against it).
"""

from minirl.autograd import Array
from minirl.bugs.bug import Bug, Function
from minirl.generate import Engine


def drawn_once(_start: Function) -> Function:
    """A start that gives all samples of a prompt the same random number."""

    def wrong(engine: Engine) -> Array:
        first = len(engine.rows)
        logits: Array = _start(engine)
        leaders: dict[int, int] = {}  # the slot of each prompt's first sample
        for row, slot in zip(engine.rows[first:], engine.at[first:].tolist(), strict=True):
            engine.uniforms[slot, 0] = engine.uniforms[leaders.setdefault(row.problem, slot), 0]
        return logits

    return wrong


BUG = Bug(
    name="one first token",
    where="minirl.generate.engine:Engine._start",
    story=__doc__,
    symptom="reward as ever at first, but samples of a prompt are all right or all wrong",
    signs=("first tokens", "informative", "reward"),
    exposed_by="tests/rl/test_rollout.py::test_a_rollout_equals_stepping_the_mdp_one_token_at_a_time",
    break_=drawn_once,
)
