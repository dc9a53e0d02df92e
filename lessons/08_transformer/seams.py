"""Where the function of lesson 8 goes into minirl: it computes what the agent thinks of the next token."""

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.compare import Bound


def plain_logits(p, config, ids):
    """The same by minirl's plain transformer."""
    from minirl import Tensor, kernels
    from minirl.model.plain import plain_gpt

    with kernels.using("reference"):
        return plain_gpt({name: Tensor(value) for name, value in p.items()}, config, ids).data


def fit_gpt(gpt, original):
    """Agent._logits: the last row of what the learner's transformer says."""

    def fitted(self, state):
        p = {name: parameter.data.astype(np.float64) for name, parameter in self.model.named_parameters()}
        p.setdefault("head.weight", p["token_embedding.weight"])  # where the two are tied, one matrix is both
        return gpt(p, self.model.config, list(state.tokens))[-1].astype(np.float32)

    return fitted


SEAMS = [
    Seam(
        "model.gpt",
        places=[("minirl.rl.mdp:Agent._logits", fit_gpt)],
        oracle=plain_logits,
        bound=Bound(1e6, 10.0, reason="sums in several layers, one after the other"),
        meter="minirl.rl.mdp:Agent._logits",
        unit="readings of the model",
    ),
]
