"""The program that evaluates a run: `python -m minirl.evaluate RUN`."""

from minirl.evaluate.program import main

__all__ = ["main"]
