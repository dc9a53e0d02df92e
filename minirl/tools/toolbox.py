"""How a model calls a tool, and how the result comes back into its text.

    12 * 34 =<|tool|>calculator 12 * 34<|/tool|><|result|>408<|/result|> 408.
             ------- sampled by the model ------ ------- forced ------- sampled

The model samples a call: the mark <|tool|>, the tool's name, its argument, and the mark <|/tool|>. The environment then
appends the result between marks of its own. These tokens are *forced*: the agent did not choose them, so they have no
log-probability and no gradient, and no random number is used for them.

The four marks are special tokens, which ordinary text is never encoded to (tokenizer/special.py). A question, an
argument or a result may hold the characters <|/result|>; they stay characters. Nothing is decoded and encoded again:
the sampled tokens stay as they were sampled, and the result's tokens are encoded once.

A mark in the wrong place ends the episode unfinished, and so without reward: <|result|> or <|/result|>, which are the
environment's; <|tool|> inside a call, <|/tool|> outside; <|end|> inside a call; <|pad|> anywhere.

Whatever else goes wrong is a result that says so, and the model reads it: "error: division by zero".
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minirl.autograd import Array
from minirl.tasks.task import END
from minirl.tokenizer.special import END_RESULT, END_TOOL, PAD, RESULT, TOOL
from minirl.tools.tool import Tool, ToolError

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

MARKS = (TOOL, END_TOOL, RESULT, END_RESULT)
CHARACTERS_PER_TOKEN = 64  # a result is cut to this many before it is encoded, so that no page takes long
ELLIPSIS = " ..."
SHORTEST = 3  # tokens of a result and its marks


class Toolbox:
    """The tools of an environment, for the texts of one tokenizer, and the limits of their use.

    box = Toolbox(tokenizer, [calculator])
    for completion in generate(model, tokenizer, prompts, tools=box): ...
    """

    def __init__(
        self, tokenizer: "Tokenizer", tools: Sequence[Tool], *, calls: int = 4, argument: int = 64, result: int = 32
    ) -> None:
        """calls: how many calls of an episode are answered; further ones get an error. argument: the longest argument,
        in characters; a longer one gets an error. result: the longest result, in tokens without its marks; a longer one
        is cut after a whole word.

        Raises ValueError for no tools, for a name that is no single word or that two tools share, for limits below 1
        (a result needs 16 tokens, so that an error fits), and for a tokenizer without the marks.
        """
        names = [tool.name for tool in tools]
        if not names:
            raise ValueError("Toolbox: there are no tools; give one or more, such as [calculator]")
        for name in names:
            if not isinstance(name, str) or len(name.split()) != 1 or name.split()[0] != name:
                raise ValueError(f"Toolbox: a tool is called {name!r}; expected one word, which a space ends")
            if names.count(name) > 1:
                raise ValueError(f"Toolbox: {names.count(name)} tools are called {name!r}; rename all but one")
        for limit, value, least in (("calls", calls, 1), ("argument", argument, 1), ("result", result, 16)):
            if not isinstance(value, int) or value < least:
                raise ValueError(f"Toolbox: {limit} is {value!r}; expected a whole number, {least} or more")
        missing = [mark for mark in MARKS if mark not in tokenizer.special_tokens]
        if missing:
            raise ValueError(
                f"Toolbox: the tokenizer has no special token {', '.join(missing)}, so calls would be plain text; "
                "train one with minirl.tokenizer.DEFAULT_SPECIAL_TOKENS"
            )
        self.tokenizer, self.tools = tokenizer, {tool.name: tool for tool in tools}
        self.calls, self.argument, self.result = calls, argument, result
        special = tokenizer.special_tokens
        self.begin, self.end, self.begin_result, self.end_result = (special[mark] for mark in MARKS)
        self.finish = special.get(END, -1)
        self.watched = np.zeros(tokenizer.vocab_size, bool)  # the tokens that a Turn has to hear of
        self.watched[[special[name] for name in (*MARKS, PAD, END) if name in special]] = True
        self.refusal = "error: no calls left"

    def __repr__(self) -> str:
        return f"Toolbox({', '.join(self.tools)}; {self.calls} calls, results of {self.result} tokens at most)"

    def turn(self) -> "Turn":
        """What keeps track of the calls of one episode."""
        return Turn(self)

    def most_forced(self, sampled: int) -> int:
        """No episode of so many sampled tokens has more forced tokens than this."""
        calls = sampled // 2  # each has two marks
        refused = max(calls - self.calls, 0) * len(self.encoded(self.refusal))
        return min(calls, self.calls) * (self.result + 2) + refused

    def call(self, text: str) -> str:
        """The result of a call, "calculator 12 * 34", as the model reads it: one line, never empty. Never raises."""
        name, _, argument = " ".join(text.split()).partition(" ")
        if len(argument) > self.argument:
            return f"error: longer than {self.argument} characters"
        tool = self.tools.get(name)
        if tool is None:
            return "error: no such tool"
        try:
            result = tool.call(argument)
        except ToolError as error:
            result = f"error: {error}"
        except Exception as error:
            warnings.warn(f"tool {name!r} failed at {argument!r}: {error!r}; the model reads an error", stacklevel=2)
            return "error: the tool failed"
        return " ".join(str(result).split()) or "error: no result"

    def encoded(self, result: str) -> Array:
        """A result's tokens between its marks: forced tokens, (n,) int32. Special tokens in it are plain text."""
        ids = self.tokenizer.encode_array(result[: CHARACTERS_PER_TOKEN * self.result])
        if len(ids) > self.result or len(result) > CHARACTERS_PER_TOKEN * self.result:
            words, space, _ = self.tokenizer.decode(ids[: self.result - len(ELLIPSIS)]).rpartition(" ")
            shortened = f"{words}{ELLIPSIS}" if space else "error: too long"  # half a number would be another
            ids = self.tokenizer.encode_array(shortened)[: self.result]
        return np.array([self.begin_result, *ids, self.end_result], np.int32)


class Turn:
    """The calls of one episode. `heed` says what the environment does about a mark."""

    def __init__(self, box: Toolbox) -> None:
        self.box, self.calls = box, 0
        self.begun: int | None = None  # where in the episode the call begins that is being written

    def heed(self, written: Array, room: int) -> Array | None:
        """What follows a mark. written: (n,) all of the episode's tokens after the prompt, of which the last was just
        sampled and is among `box.watched`. room: how many tokens may be appended so that the model can go on.

        Returns the forced tokens: none, or the result of the call that has ended here. Returns None where the episode
        is over without being finished, because the mark is out of place or the result does not fit.
        """
        box, mark = self.box, written[-1]
        if mark == box.begin and self.begun is None:
            self.begun = len(written)
        elif mark == box.end and self.begun is not None:
            if room < SHORTEST:
                return None
            asked, self.begun = box.tokenizer.decode(written[self.begun : -1]), None
            self.calls += 1
            result = box.call(asked) if self.calls <= box.calls else box.refusal
            forced = box.encoded(result)
            return forced if len(forced) <= room else None
        elif mark != box.finish or self.begun is not None:
            return None
        return np.zeros(0, np.int32)

    def resume(self, written: Array, forced: Array, room: int) -> Array | None:
        """Take up an episode that goes on from these tokens, (n,) each, and return what follows them as `heed` does:
        the result of a call that has just ended, mostly nothing, and None where a mark is out of place."""
        box, marks = self.box, np.flatnonzero(self.box.watched[written] & ~forced).tolist()
        for place in marks:
            if place == len(written) - 1:
                return self.heed(written, room)
            if written[place] == box.begin and self.begun is None:
                self.begun = place + 1
            elif written[place] == box.end and self.begun is not None and forced[place + 1]:
                self.begun = None
                self.calls += 1
            else:
                return None
        return np.zeros(0, np.int32)
