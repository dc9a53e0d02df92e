"""The range of each number among a run's settings, whether it comes from a flag or from a config.json."""

import math
from collections.abc import Mapping
from typing import Any

from minirl.tokenizer import DEFAULT_SPECIAL_TOKENS

STAGES_LEAST = {"warmup": 0, "final-share": 0, "decay-share": 0, "weight-decay": 0}
LEAST = {
    "--seed": 0,
    "--checkpoint-seconds": 0,
    "--model.vocab-size": 256 + len(DEFAULT_SPECIAL_TOKENS),  # bytes and special tokens
    "--pretrain.steps": 1,
    "--pretrain.batch-tokens": 1,
    "--pretrain.micro-rows": 1,
    "--pretrain.micro-tokens": 1,
    "--pretrain.epochs": 0,
    "--sft.demonstrations": 1,
    "--sft.epochs": 0,
    "--sft.batch-rows": 1,
    "--sft.micro-rows": 1,
    "--rl.steps": 1,
    "--rl.value-warmup": 0,
    "--rl.pair-problems": 2,
    "--rl.reward-epochs": 1,
    "--rl.missing-end": 0,
    "--rl.rehearsal": 0,
    "--rl.rehearsal-texts": 0,
    "--rl.rehearsal-weight": 0,
    "--rl.own-answers": 0,
    "--rl.own-pool": 1,
    "--rl.own-tokens": 1,
    "--rl.own-sharpening": 0,
    "--shots": 0,
    "--shards": 1,
    "--diloco.inner-steps": 0,
    "--lora.rank": 0,
    "--evaluation.problems": 1,
    "--evaluation.samples": 1,
    "--evaluation.dev-problems": 1,
    "--evaluation.probes": 0,
    "--evaluation.max-new-tokens": 1,
    "--evaluation.science-tokens": 1,
    "--evaluation.target": 0,
    **{f"--{stage}.{name}": least for stage in ("pretrain", "sft", "rl") for name, least in STAGES_LEAST.items()},
}
LARGEST = 2**63 - 1  # of every whole number but the seed


class ConfigError(ValueError):
    """Settings that do not fit together. `changes` holds flags that make them fit, with their values."""

    def __init__(self, message: str, changes: Mapping[str, object] | None = None) -> None:
        self.changes = dict(changes or {})
        flags = " ".join(f"{flag} {value}" for flag, value in self.changes.items())
        super().__init__(f"{message}; give {flags}" if flags else message)


def check_numbers(values: Mapping[str, Any]) -> None:
    """Raises ConfigError for a number, by its flag, that is not finite or out of its range."""
    for flag, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{flag} is {value}; give a finite number")
        if isinstance(value, int) and flag != "--seed" and abs(value) > LARGEST:
            raise ConfigError(f"{flag} is a number of {len(str(abs(value)))} digits; give at most {LARGEST}")
        if flag in LEAST and value < LEAST[flag]:
            raise ConfigError(f"{flag} is {value}; give {LEAST[flag]} or more")
        if flag.endswith((".learning-rate", "-learning-rate", ".max-norm", ".init-std", "lora.alpha")) and value <= 0:
            raise ConfigError(f"{flag} is {value}; give more than 0")
        if flag.endswith((".beta1", ".beta2", ".momentum")) and not 0 <= value < 1:
            raise ConfigError(f"{flag} is {value}; give a number from 0 up to, but not including, 1")
