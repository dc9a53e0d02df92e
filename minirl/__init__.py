"""minirl: a reasoning language model from scratch, to read and to run."""

__version__ = "0.1.0"
