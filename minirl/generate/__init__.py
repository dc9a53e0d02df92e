"""Generation: sample text from a model, many rows at once, with a KV cache."""

from minirl.generate.engine import Engine, Row, without_dropout
from minirl.generate.sampling import Sampling, Seed, draw, row_stream
from minirl.generate.text import Completion, end_token, generate, generate_ids, known_tokens, stream

__all__ = [
    "Completion",
    "Engine",
    "Row",
    "Sampling",
    "Seed",
    "draw",
    "end_token",
    "generate",
    "generate_ids",
    "known_tokens",
    "row_stream",
    "stream",
    "without_dropout",
]
