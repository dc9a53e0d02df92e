"""The decoding zoo: many ways to take an answer from one model, compared at equal numbers of tokens."""

from minirl.zoo.program import main

__all__ = ["main"]
