"""Generation: sample text from a model, many rows at once, with a KV cache."""

from minirl.generate.beam import Beams, Hypothesis, beam_search, beam_search_ids
from minirl.generate.engine import Engine, Row, without_dropout
from minirl.generate.prompts import Messages, Prompt, encode_prompt, end_tokens, known_tokens, needed_end_tokens
from minirl.generate.sampling import Sampling, Seed, draw, row_stream
from minirl.generate.step_beam import step_beams
from minirl.generate.temperature import Schedule, Temperature, parse_temperature
from minirl.generate.text import Completion, generate, generate_ids, stream, stream_pieces
from minirl.generate.vote import Verdict, choose, self_consistency, winner

__all__ = [
    "Beams",
    "Completion",
    "Engine",
    "Hypothesis",
    "Messages",
    "Prompt",
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
    "encode_prompt",
    "end_tokens",
    "generate",
    "generate_ids",
    "known_tokens",
    "needed_end_tokens",
    "parse_temperature",
    "row_stream",
    "self_consistency",
    "step_beams",
    "stream",
    "stream_pieces",
    "winner",
    "without_dropout",
]
