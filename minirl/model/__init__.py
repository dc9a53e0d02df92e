"""The language model: its shape, its computation, its checkpoints."""

from minirl.model.cache import KVCache
from minirl.model.config import PRESETS, GPTConfig
from minirl.model.transformer import GPT

__all__ = ["GPT", "PRESETS", "GPTConfig", "KVCache"]
