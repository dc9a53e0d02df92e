"""Angles of rotary positions where a model was made for longer texts than it was first trained on.

RoPE turns pair i of a head by p f_i at position p, with f_i = base^(-2i / D). A model that was trained on 8,192 tokens
has never seen the angles of token 100,000. Llama 3.1 therefore slows the slow pairs down, by `factor`. Pairs that turn
often in the original context tell near tokens apart, and stay as they are; between the two kinds there is a straight
line (Grattafiori et al. 2024, section 3.4.3; the formula is that of their code, apply_scaling):

    turns = original f_i / (2 pi)                      how often pair i turns in the original context
    s = (turns - low) / (high - low), from 0 to 1
    f_i' = (1 - s) f_i / factor + s f_i

"linear" divides every f_i by the factor (Chen et al. 2023, Position Interpolation).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from minirl.storage.strict_json import brief

Array = np.ndarray
KINDS = ("llama3", "linear")


@dataclass(frozen=True)
class RopeScaling:
    """How a model's angles differ from RoPE's own. Raises ValueError for an unknown kind, and numbers out of range."""

    kind: str = "llama3"
    """"llama3" or "linear"."""
    factor: float = 8.0
    """By how much the slow pairs are slowed down."""
    low_frequency: float = 1.0
    """Pairs with fewer turns in the original context are slow."""
    high_frequency: float = 4.0
    """Pairs with more turns stay as they are."""
    original_context: int = 8192
    """Tokens that the model was first trained on."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"RopeScaling: kind is {brief(self.kind)}; use one of {', '.join(map(repr, KINDS))}")
        for name in ("factor", "low_frequency", "high_frequency", "original_context"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e12:
                raise ValueError(f"RopeScaling: {name} is {brief(value)}; expected a number above 0")
        if self.kind == "llama3" and self.low_frequency >= self.high_frequency:
            raise ValueError(
                f"RopeScaling: low_frequency {self.low_frequency} must be below high_frequency {self.high_frequency}"
            )

    def frequencies(self, f: Array) -> Array:
        """The scaled frequencies of pairs, from RoPE's own (D/2,)."""
        if self.kind == "linear":
            return f / self.factor
        turns = self.original_context * f / (2 * math.pi)
        share = np.clip((turns - self.low_frequency) / (self.high_frequency - self.low_frequency), 0, 1)
        return (1 - share) * f / self.factor + share * f

    def to_json(self) -> dict[str, Any]:
        """As config.json has it."""
        if self.kind == "linear":
            return {"rope_type": "linear", "factor": self.factor}
        return {
            "rope_type": "llama3",
            "factor": self.factor,
            "low_freq_factor": self.low_frequency,
            "high_freq_factor": self.high_frequency,
            "original_max_position_embeddings": self.original_context,
        }
