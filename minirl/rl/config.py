"""The settings of one step of reinforcement learning: RLConfig has what every method needs, PPOConfig adds PPO's."""

import math
from dataclasses import dataclass
from typing import Literal

from minirl.rl.advantage import KINDS

METHODS = ("reinforce", "expert_iteration", "ppo", "dpo")
VALUES = ("head", "network", "monte_carlo", "none")


@dataclass(frozen=True)
class RLConfig:
    """What one step of reinforcement learning does. Raises ValueError naming the wrong field and the valid values."""

    method: Literal["reinforce", "expert_iteration", "ppo", "dpo"] = "reinforce"
    """"reinforce" weights each episode by its advantage; "expert_iteration" fine-tunes on the correct episodes; "ppo"
    weights each action by an advantage of its own, with a value function; "dpo" makes the better of two answers
    likelier than the worse one."""
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
    """Updates per batch of episodes. With REINFORCE and PPO, more than 1 needs clip."""
    clip: float = 0.0
    """PPO's epsilon: an action whose probability has already moved by more than this share no longer counts; 0: off."""
    kl: float = 0.0
    """The weight of the KL term, which pulls the policy back to where RL started; 0: off."""
    stop_kl: float = 0.0
    """No further update of a batch once the policy is this far, in nats per action, from where the batch began; 0: off.
    """
    dpo_beta: float = 0.1
    """DPO: how strongly the policy is held to where RL started; with a larger value a pair is learned sooner."""
    max_norm: float = 1.0
    """A gradient with a larger norm is scaled down to this norm."""
    merge_equal: bool = False
    """Whether equal answers to a problem are computed once in an update, with their weights added up: the same gradient
    up to rounding, for less, where answers are short. With kl or clip each answer is computed."""
    pass_tokens: int = 1024
    """Tokens per forward and backward pass: enough to keep the processor busy, few enough for its caches. The value
    does not change the result."""

    def __post_init__(self) -> None:
        for name in ("prompts", "samples", "max_new_tokens", "updates", "pass_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)}; expected 1 or more")
        for name, valid in (
            ("method", METHODS),
            ("advantage", tuple(KINDS)),
            ("normalise", ("tokens", "episodes")),
        ):
            if getattr(self, name) not in valid:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)!r}; use one of {', '.join(valid)}")
        if self.method == "reinforce" and self.samples < 2 and self.advantage in ("leave_one_out", "group_normalised"):
            raise ValueError(f"RLConfig: advantage {self.advantage!r} compares samples; set samples to 2 or more")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"RLConfig: temperature is {self.temperature}; a policy that explores needs more than 0")
        for name in ("clip", "kl", "stop_kl"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)}; it must be 0 or more, and finite")
        for name in ("max_norm", "dpo_beta"):
            if not getattr(self, name) > 0:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)}; expected more than 0")
        if self.method == "expert_iteration" and (self.clip or self.kl):
            raise ValueError(
                f"RLConfig: clip is {self.clip} and kl {self.kl}, but expert iteration uses neither; leave both at 0"
            )
        if self.method in ("reinforce", "ppo") and self.updates > 1 and self.clip == 0:
            raise ValueError(
                f"RLConfig: updates is {self.updates}, but after the first one the episodes come from an older policy; "
                "set clip (0.2 is usual), or updates to 1"
            )


@dataclass(frozen=True)
class PPOConfig(RLConfig):
    """What PPO needs besides: the value function V, and how advantages come from it. Other methods ignore all of it."""

    value: Literal["head", "network", "monte_carlo", "none"] = "head"
    """PPO's value function: "head" is linear in the policy's own hidden states, "network" a second transformer,
    "monte_carlo" samples completions from the beginning of every sentence, "none" is 0 everywhere."""
    gamma: float = 1.0
    """PPO: a reward counts this much less with every action before it; above 0, at most 1."""
    gae_lambda: float = 1.0
    """PPO: 1 compares what an episode got with the value of the state; 0 compares the values of two states in a row."""
    whiten: bool = True
    """PPO: shift and scale the advantages of a batch to mean 0 and standard deviation 1."""
    kl_place: Literal["loss", "reward"] = "loss"
    """PPO: where kl counts. In the loss it pulls at each token alone; in the reward, later tokens count too."""
    value_learning_rate: float = 1e-3
    """PPO: the value function's learning rate; constant. A "network" needs a smaller one, such as 3e-4."""
    value_updates: int = 4
    """PPO: updates of the value function in a step."""
    value_clip: float = 0.0
    """PPO: a value that has moved by more than this in a step is no longer moved on; 0: off."""
    value_warmup: int = 5
    """PPO: in the first steps only the value function learns, and the policy stays as it is; this many steps."""
    value_samples: int = 4
    """PPO: completions of a state by which "monte_carlo" estimates its value."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, valid in (("value", VALUES), ("kl_place", ("loss", "reward"))):
            if getattr(self, name) not in valid:
                raise ValueError(f"PPOConfig: {name} is {getattr(self, name)!r}; use one of {', '.join(valid)}")
        if not 0 < self.gamma <= 1:
            raise ValueError(f"PPOConfig: gamma is {self.gamma}; expected more than 0, and at most 1")
        if not 0 <= self.gae_lambda <= 1:
            raise ValueError(f"PPOConfig: gae_lambda is {self.gae_lambda}; expected 0 to 1")
        if not 0 < self.value_learning_rate < math.inf:
            raise ValueError(f"PPOConfig: value_learning_rate is {self.value_learning_rate}; expected more than 0")
        if not 0 <= self.value_clip < math.inf:
            raise ValueError(f"PPOConfig: value_clip is {self.value_clip}; expected a finite number, 0 or more")
        for name, least in (("value_updates", 1), ("value_samples", 1), ("value_warmup", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"PPOConfig: {name} is {getattr(self, name)}; expected {least} or more")
