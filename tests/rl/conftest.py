"""A tokenizer that knows the words of the notes' problem, and a small model that has learned nothing yet."""

import pytest
from roger import ANNA, ROGER, Chance, Notes, make_model

from minirl.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def tokenizer():
    texts = [text for p in (ROGER, ANNA) for text in (p.prompt, p.completion.removesuffix("<|end|>"))]
    return Tokenizer.train(texts * 4, 330)


@pytest.fixture
def task():
    return Notes()


@pytest.fixture
def chance():
    return Chance()


@pytest.fixture
def model(tokenizer):
    return make_model(tokenizer)
