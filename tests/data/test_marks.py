"""Marks in training documents: special tokens where they are meant, text where they are not."""

import numpy as np
import pytest

from minirl.data import encode_document
from minirl.data.document import marked
from minirl.tasks import get
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.special import DEFAULT_SPECIAL_TOKENS, END, END_RESULT, END_TOOL, RESULT, TOOL, Mark
from minirl.tools import Toolbox, calculator

TEXT = " Mia has<|tool|>calculator 347 + 286<|/tool|><|result|>633<|/result|> 633.\nAnswer: 633<|end|>"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    problems = get("large_numbers").problems("train", 60)
    return Tokenizer.train([problem.prompt + problem.completion for problem in problems], 320)


def test_a_text_with_marks_in_pieces() -> None:
    assert marked(TEXT) == [
        (" Mia has", 1.0), (TOOL, 1.0), ("calculator 347 + 286", 1.0), (END_TOOL, 1.0),
        (RESULT, 0.0), ("633", 0.0), (END_RESULT, 0.0), (" 633.\nAnswer: 633", 1.0), (END, 1.0),
    ]  # fmt: skip
    assert [isinstance(text, Mark) for text, _ in marked(TEXT)] == [
        False,
        True,
        False,
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert marked(f"{TOOL}{END_TOOL}", 0.5) == [(TOOL, 0.5), (END_TOOL, 0.5)]


def test_marks_are_special_tokens_and_results_weigh_nothing(tokenizer: Tokenizer) -> None:
    ids, weights = encode_document(tokenizer, [("Q: ?\n", 0.0), *marked(TEXT)])
    special = tokenizer.special_tokens
    order = [token for token in ids.tolist() if token in special.values()]
    assert order == [special[mark] for mark in (TOOL, END_TOOL, RESULT, END_RESULT, END)]
    first, last = (ids.tolist().index(special[mark]) for mark in (RESULT, END_RESULT))
    prompt = len(tokenizer.encode("Q: ?\n"))
    assert not weights[first : last + 1].any() and not weights[:prompt].any()
    assert (np.delete(weights, range(first, last + 1))[prompt:] == 1).all()
    assert tokenizer.decode(ids) == "Q: ?\n" + TEXT


@pytest.mark.parametrize("name", DEFAULT_SPECIAL_TOKENS)
def test_the_same_characters_in_a_text_are_text(name: str, tokenizer: Tokenizer) -> None:
    ids, _ = encode_document(tokenizer, [(f"{name!s} and more", 1.0)])
    assert not set(ids.tolist()) & set(tokenizer.special_tokens.values())
    plain, _ = encode_document(tokenizer, [(str.__str__(name) + ".", 1.0)])
    assert tokenizer.decode(plain) == f"{name}."


def test_documents_have_the_tokens_that_an_episode_has(tokenizer: Tokenizer) -> None:
    """Who samples a demonstration's tokens is given the demonstration's results, token for token."""
    box = Toolbox(tokenizer, [calculator])
    for problem in get("large_numbers").problems("train", 40, seed=5):
        ids, weights = encode_document(tokenizer, problem.solution)
        turn, written, at = box.turn(), [], 0
        while at < len(ids):
            assert weights[at] == 1, "what is sampled counts in the loss"
            written.append(int(ids[at]))
            at += 1
            if box.watched[written[-1]]:
                forced = turn.heed(np.array(written, np.int32), room=100)
                assert forced is not None
                assert ids[at : at + len(forced)].tolist() == forced.tolist()
                assert not weights[at : at + len(forced)].any()
                written += forced.tolist()
                at += len(forced)
