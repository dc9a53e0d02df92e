"""What a tool is: a name, and a function from text to text. Everything else is done for it (toolbox.py).

class Doubler:
    name = "double"

    def call(self, argument: str) -> str:
        if not argument.isdecimal():
            raise ToolError("give a whole number")
        return str(2 * int(argument))
"""

from typing import Protocol


class Tool(Protocol):
    """What a model can call. The same argument has to give the same result: an episode can then be repeated, and does
    not depend on the other episodes that are generated beside it."""

    name: str
    """What the model writes to call it: one word."""

    def call(self, argument: str) -> str:
        """The result. Raises ToolError where there is none; the model then reads the error's message as the result."""
        ...


class ToolError(ValueError):
    """There is no result, and the message says why, in a few words that the model will read: "division by zero"."""
