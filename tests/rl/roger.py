"""The notes' own problem and small things to play it with, for the tests of this folder."""

import re

from minirl.model import GPT, GPTConfig
from minirl.tasks.task import Problem, Task

ROGER = Problem(
    question="Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. How many "
    "tennis balls does he have now?",
    reasoning="Roger has 5 tennis balls. 2 * 3 = 6. 5 + 6 = 11.",
    answer="11",
    key="cans 5 2 3",
)
ANNA = Problem("Anna has 4 pens. How many pens does Anna have?", "Anna has 4 pens.", "4", "pens 4")


class LastAnswer:
    """Right where the text ends with the answer's line."""

    def check(self, problem, text):
        return re.search(rf"\nAnswer: {problem.answer}$", text) is not None


class Notes(Task):
    name = "notes"
    checker = LastAnswer()

    def problems(self, split, n, seed=0):
        return [ROGER, ANNA][:n]


class LengthIsEven:
    """A reward that a model without any knowledge gets about half of the time."""

    def check(self, problem, text):
        return len(text) % 2 == 0


class Chance(Notes):
    checker = LengthIsEven()


def make_model(tokenizer, seed=3, **changes):
    """Weights far larger than at a usual start, so that its policy is not nearly uniform; ends after ~10 tokens."""
    config = GPTConfig(
        tokenizer.vocab_size, **{"context_length": 128, "n_layer": 2, "n_head": 2, "d_model": 16, "norm": "rms",
        "position": "rope", "mlp": "swiglu", "bias": False, **changes},
    )  # fmt: skip
    made = GPT(config, seed=seed)
    for parameter in made.parameters():
        if parameter.ndim == 2:
            parameter.data *= 8
    return made
