"""What a model needs in memory, held against what the machine has, before any of it is taken."""

import os

from minirl.model.config import GPTConfig


def total_memory() -> int | None:
    """The machine's memory in bytes; None where the operating system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def model_bytes(config: GPTConfig) -> int:
    """Bytes of the weights in float32, and of the tables of rotary positions."""
    rotation = config.context_length * config.head_size if config.position == "rope" else 0
    return 4 * (config.parameter_count() + rotation)


def activation_bytes(config: GPTConfig, tokens: int) -> int:
    """What a pass over this many tokens keeps for its gradient: of each block the inputs and outputs of its
    products."""
    wide = 3 if config.mlp == "swiglu" else 2
    return (
        4
        * tokens
        * (config.n_layer * (6 * config.d_model + config.qkv_size + wide * config.ff_size) + 4 * config.d_model)
    )


def check_memory(what: str, needed: int) -> None:
    """Raise ValueError where `what` needs more bytes than the machine has."""
    there = total_memory()
    if there is not None and needed > there:
        raise ValueError(f"{what} needs {needed / 2**30:,.1f} GiB of memory; this machine has {there / 2**30:,.1f} GiB")
