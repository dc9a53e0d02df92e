"""Generation: sample text from a model, many rows at once, with a KV cache."""

from minirl.generate.engine import Engine, Row, without_dropout
from minirl.generate.sampling import Sampling, Seed, row_stream
from minirl.generate.text import Completion, end_token, generate, generate_ids, stream

__all__ = [
    "Completion",
    "Engine",
    "Row",
    "Sampling",
    "Seed",
    "end_token",
    "generate",
    "generate_ids",
    "row_stream",
    "stream",
    "without_dropout",
]
