"""The variants, as data. Each branches off from a finished run, its base; here are the settings that differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, NamedTuple

from minirl.runs import RLStageConfig


@dataclass(frozen=True)
class Variant:
    """One row of a table. The rest of its settings are the base's."""

    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """RL settings. If `samples` is among them, `prompts` is adapted, so that a step has equally many episodes."""
    same_time: bool = False
    """Whether it gets the same training time as the base's RL, instead of the same number of steps."""

    def applied(self, base: RLStageConfig) -> RLStageConfig:
        """The base's RL settings with the variant's settings."""
        episodes = base.prompts * base.samples
        prompts = max(1, episodes // self.settings["samples"]) if "samples" in self.settings else base.prompts
        return replace(base, **{"prompts": prompts, **self.settings})


@dataclass(frozen=True)
class MoreSFT(Variant):
    """Fine-tuning for as long as the base's fine-tuning and RL took together."""


BASELINES = {
    "plain": "none",
    "batch_mean": "batch mean",
    "leave_one_out": "leave-one-out",
    "group_normalised": "group-normalised",
}


class Group(NamedTuple):
    """One table."""

    varies: str
    """What differs from row to row; the header of the first column."""
    variants: tuple[Variant, ...]


LADDER: dict[str, dict[str, Any]] = {
    "reinforce, no baseline": {"advantage": "plain"},
    "leave-one-out": {},
    "group-normalised": {"advantage": "group_normalised"},
    "2 updates, clipped": {"updates": 2, "clip": 0.2},
    "KL 0.01": {"kl": 0.01},
    "PPO, V is a head": {"method": "ppo", "value": "head", "updates": 2, "clip": 0.2},
    "PPO, V is a network": {
        "method": "ppo", "value": "network", "value_learning_rate": 3e-4, "value_updates": 1, "updates": 2, "clip": 0.2,
    },
    "PPO, V by Monte Carlo": {
        "method": "ppo", "value": "monte_carlo", "gae_lambda": 0.0, "updates": 2, "clip": 0.2,
    },
    "online DPO": {"method": "dpo"},
    "expert iteration": {"method": "expert_iteration", "clip": 0.0, "kl": 0.0},
}  # fmt: skip

GROUPS = {
    "time": Group("training, in the same time", (
        Variant("REINFORCE"),
        MoreSFT("more SFT"),
        *(
            Variant(
                f"expert iteration, {updates} update{'s' * (updates > 1)} a batch",
                {"method": "expert_iteration", "updates": updates, "clip": 0.0, "kl": 0.0},
                same_time=True,
            )
            for updates in (1, 4)
        ),
    )),
    "baseline": Group("baseline, learning rate", tuple(
        Variant(f"{label}, {rate:g}", {"advantage": kind, "learning_rate": rate})
        for (kind, label), rate in product(BASELINES.items(), (3e-4, 1e-3, 3e-3))
    )),
    "kl": Group("weight of KL", tuple(Variant(f"{kl:g}", {"kl": kl}) for kl in (0.0, 0.01, 0.1))),
    "samples": Group("samples of a prompt", tuple(Variant(f"{n}", {"samples": n}) for n in (2, 4, 8, 16))),
    "rehearsal": Group("weight of rehearsal", (
        Variant("0", {"rehearsal": 0, "rehearsal_texts": 0}), Variant("0.3", {"rehearsal_weight": 0.3}),
    )),
}  # fmt: skip

ON_REQUEST = {
    "ladder": Group("method, in the same time", tuple(
        Variant(label, settings, same_time=True) for label, settings in LADDER.items()
    )),
}  # fmt: skip
"""Groups that are trained only where `--only` names them; their tables belong to docs/rewards.md."""
