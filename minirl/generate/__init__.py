"""Generation: sample text from a model, many rows at once, with a KV cache."""

from minirl.generate.beam import Beams, Hypothesis, beam_search, beam_search_ids
from minirl.generate.engine import Engine, Row, without_dropout
from minirl.generate.sampling import Sampling, Seed, draw, row_stream
from minirl.generate.step_beam import step_beams
from minirl.generate.temperature import Schedule, Temperature, parse_temperature
from minirl.generate.text import Completion, end_token, generate, generate_ids, known_tokens, stream, stream_pieces
from minirl.generate.vote import Verdict, choose, self_consistency, winner

__all__ = [
    "Beams",
    "Completion",
    "Engine",
    "Hypothesis",
    "Row",
    "Sampling",
    "Schedule",
    "Seed",
    "Temperature",
    "Verdict",
    "beam_search",
    "beam_search_ids",
    "choose",
    "draw",
    "end_token",
    "generate",
    "generate_ids",
    "known_tokens",
    "parse_temperature",
    "row_stream",
    "self_consistency",
    "step_beams",
    "stream",
    "stream_pieces",
    "winner",
    "without_dropout",
]
