"""The settings of one step of reinforcement learning."""

import math
from dataclasses import dataclass
from typing import Literal

from minirl.rl.advantage import KINDS


@dataclass(frozen=True)
class RLConfig:
    """What one step of reinforcement learning does. Raises ValueError naming the wrong field and the valid values."""

    method: Literal["reinforce", "expert_iteration"] = "reinforce"
    """"reinforce" weights each episode by its advantage; "expert_iteration" fine-tunes on the correct episodes."""
    prompts: int = 32
    """P, problems per step."""
    samples: int = 8
    """S, episodes per problem."""
    temperature: float = 1.0
    """The policy is softmax(logits / temperature), in rollouts and in the gradient alike; greater than 0."""
    max_new_tokens: int = 40
    """The most actions in an episode, in tokens. A longer episode is cut off and gets reward 0."""
    advantage: str = "leave_one_out"
    """"plain", "batch_mean", "leave_one_out" or "group_normalised"; see advantage.py."""
    normalise: str = "tokens"
    """What divides the loss: "tokens" (the batch's actions) or "episodes" (then the gradient is unbiased)."""
    updates: int = 1
    """Updates per batch of episodes. With REINFORCE, more than 1 needs clip."""
    clip: float = 0.0
    """PPO's epsilon: an action whose probability has already moved by more than this share no longer counts; 0: off."""
    kl: float = 0.0
    """The weight of the KL term, which pulls the policy back to where RL started; 0: off."""
    max_norm: float = 1.0
    """A gradient with a larger norm is scaled down to this norm."""
    pass_tokens: int = 1024
    """Tokens per forward and backward pass: enough to keep the processor busy, few enough for its caches. The value
    does not change the result."""

    def __post_init__(self) -> None:
        for name in ("prompts", "samples", "max_new_tokens", "updates", "pass_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)}; expected 1 or more")
        for name, valid in (
            ("method", ("reinforce", "expert_iteration")),
            ("advantage", tuple(KINDS)),
            ("normalise", ("tokens", "episodes")),
        ):
            if getattr(self, name) not in valid:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)!r}; use one of {', '.join(valid)}")
        if self.method == "reinforce" and self.samples < 2 and self.advantage in ("leave_one_out", "group_normalised"):
            raise ValueError(f"RLConfig: advantage {self.advantage!r} compares samples; set samples to 2 or more")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"RLConfig: temperature is {self.temperature}; a policy that explores needs more than 0")
        if not (0 <= self.clip < math.inf and 0 <= self.kl < math.inf and self.max_norm > 0):
            raise ValueError(
                f"RLConfig: clip {self.clip} and kl {self.kl} must be 0 or more, max_norm {self.max_norm} positive"
            )
        if self.method == "expert_iteration" and (self.clip or self.kl):
            raise ValueError(
                f"RLConfig: clip is {self.clip} and kl {self.kl}, but expert iteration uses neither; leave both at 0"
            )
        if self.method == "reinforce" and self.updates > 1 and self.clip == 0:
            raise ValueError(
                f"RLConfig: updates is {self.updates}, but after the first one the episodes come from an older policy; "
                "set clip (0.2 is usual), or updates to 1"
            )
