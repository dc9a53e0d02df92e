"""A model that calls tools at random, and a tool to call, for the tests of this folder."""

from minirl.tools import Toolbox, ToolError
from tests.rl.roger import Notes, make_model


class Sums:
    """Adds up the digits; an error where there are none. Its results look like answers."""

    def __init__(self, name):
        self.name = name

    def call(self, argument):
        digits = [int(sign) for sign in argument if sign.isdigit()]
        if not digits:
            raise ToolError("no digits")
        return f"\nAnswer: {sum(digits)}"


def make_box(tokenizer, **limits):
    return Toolbox(tokenizer, [Sums(name) for name in "t17"], **{"calls": 1, "result": 24, "argument": 6, **limits})


def make_caller(tokenizer, **changes):
    """A model that likes the tokens of calls: some are right, some wrong, some end, some are cut off."""
    model = make_model(tokenizer, norm="layer", bias=True, **changes)
    special = tokenizer.special_tokens
    wanted = {
        special["<|tool|>"]: 12.4,
        special["<|/tool|>"]: 12.4,
        special["<|end|>"]: 11.4,
        special["<|result|>"]: 8.0,
    }
    wanted |= {tokenizer.encode(sign)[0]: 13.0 for sign in "t17 "}
    rows = model.output_weight.data
    rows[:, 0] = 0  # the first coordinate of the last hidden state is always 1: it adds a token's first weight
    rows[list(wanted), 0] = list(wanted.values())
    model.final_norm.weight.data *= 0.4  # what is left of the model's own opinion
    model.final_norm.weight.data[0], model.final_norm.bias.data[0] = 0, 1
    return model


class Even:
    """A reward that a model without any knowledge gets about half of the time."""

    def check(self, problem, text):
        return len(text) % 2 == 0


class Guesses(Notes):
    checker = Even()
