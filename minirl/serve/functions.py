"""Functions of the client's own, called by a model that has marks for calls (minirl/tools/toolbox.py).

The model writes a call as a name and a text: <|tool|>calculator 12 * 34<|/tool|>. OpenAI's clients expect an object of
arguments, so a function must have one argument, a text. The client answers with a message of the role `tool`; its
content becomes the forced tokens of the result, in which no mark can be forged.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl.autograd import Array
from minirl.generate import Row
from minirl.serve.asked import text_of
from minirl.serve.errors import bad
from minirl.serve.fields import Fields
from minirl.serve.served import Served
from minirl.serve.settings import Begun
from minirl.storage.strict_json import parse
from minirl.tokenizer.special import END_RESULT, END_TOOL, RESULT, TOOL

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

MOST = 16


@dataclass(frozen=True)
class Function:
    """A function that the client runs."""

    name: str
    argument: str
    """The name of its one argument."""


def read(fields: Fields, served: Served) -> dict[str, Function] | None:
    """The functions of a request, by name; None where it has none. Raises ApiError for those that cannot be called."""
    choice, parallel = fields.any("tool_choice"), fields.flag("parallel_tool_calls", True)
    given = fields.any("tools")
    if choice not in (None, "auto", "none"):
        raise bad(
            "tool_choice is supported as auto and none; no call can be forced", "tool_choice", "unsupported_field"
        )
    if given is None or given == []:
        if choice is not None and given is None:
            raise bad("tool_choice without tools", "tool_choice")
        return {} if given == [] else None
    if not served.tools:
        raise bad("this model has no marks for calls, so it cannot call tools", "tools", "unsupported_field")
    if not isinstance(given, list) or len(given) > MOST:
        raise fields.wrong("tools", f"a list of up to {MOST} functions")
    found = [one(tool, f"tools[{number}]") for number, tool in enumerate(given)]
    del parallel  # the model calls one at a time in any case
    return {} if choice == "none" else {function.name: function for function in found}


def one(tool: Any, name: str) -> Function:
    """One function."""
    outer = Fields(tool, name)
    if outer.text("type") != "function":
        raise bad(f"{name}.type is {outer.given.get('type')!r:.60}; expected function", f"{name}.type")
    inner = Fields(outer.any("function"), f"{name}.function")
    outer.end()
    called, parameters = inner.text("name"), inner.any("parameters")
    inner.text("description"), inner.flag("strict")
    inner.end()
    if called is None or not called or len(called.split()) != 1 or called.split()[0] != called or len(called) > 64:
        raise bad(f"{name}.function.name is {called!r:.60}; expected one word", f"{name}.function.name")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if not isinstance(properties, dict) or len(properties) != 1:
        raise bad(
            f"{name}.function.parameters: this model calls with one text; expected an object with one property of the "
            "type string", f"{name}.function.parameters",
        )  # fmt: skip
    [(argument, described)] = properties.items()
    if not isinstance(described, dict) or described.get("type") != "string":
        raise bad(f"{name}: the argument {argument!r:.60} is no string", f"{name}.function.parameters")
    return Function(called, argument)


class Ends:
    """Ends a row where a call has ended, or a stop text stands."""

    def __init__(self, tokenizer: "Tokenizer", stops: Callable[[Array], bool] | None) -> None:
        self.stops, self.end = stops, tokenizer.special_tokens.get(END_TOOL, -1)

    def __call__(self, ids: Array) -> bool:
        return int(ids[-1]) == self.end or (self.stops is not None and self.stops(ids))


def ended_by_call(row: Row, tokenizer: "Tokenizer") -> bool:
    """Whether a row ends with a whole call."""
    return int(row.ids[-1]) == tokenizer.special_tokens.get(END_TOOL, -1) and bool(
        (row.ids[:-1] == tokenizer.special_tokens.get(TOOL, -1)).any()
    )


def call(row: Row, tokenizer: "Tokenizer", known: dict[str, Function], number: str) -> dict[str, Any]:
    """The call with which a row ends, as OpenAI's clients know it."""
    begin = int(np.flatnonzero(row.ids == tokenizer.special_tokens[TOOL])[-1])
    said = " ".join(tokenizer.decode(row.ids[begin + 1 : -1], skip_special=True).split())
    name, _, argument = said.partition(" ")
    field = known[name].argument if name in known else "input"
    arguments = json.dumps({field: argument}, ensure_ascii=False)
    return {"id": number, "type": "function", "function": {"name": name, "arguments": arguments}}


def begun(messages: list[Any], served: Served) -> Begun:
    """What an answer goes on from: what the assistant said and called, and what came back."""
    tokenizer, special = served.tokenizer, served.tokenizer.special_tokens
    ids: list[int] = []
    forced: list[bool] = []

    def add(new: list[int], by_tool: bool) -> None:
        ids.extend(new)
        forced.extend([by_tool] * len(new))

    if len(messages) % 2:
        raise bad("messages: each call of a tool needs its result, a message of the role tool", "messages")
    for number in range(0, len(messages), 2):
        name = f"messages[{number + 1}]"
        said = Fields(messages[number], name)
        if said.text("role") != "assistant":
            raise bad(f"{name}: expected the role assistant, with tool_calls", name)
        content, calls = text_of(said, "content") or "", said.any("tool_calls")
        said.any("refusal")
        said.end()
        if not isinstance(calls, list) or len(calls) != 1:
            raise bad(f"{name}.tool_calls: expected one call", f"{name}.tool_calls")
        identity, asked_for = of_call(calls[0], f"{name}.tool_calls[0]")
        add(tokenizer.encode(content) if content else [], False)
        add([special[TOOL], *tokenizer.encode(asked_for), special[END_TOOL]], False)
        name = f"messages[{number + 2}]"
        result = Fields(messages[number + 1], name)
        role, text, answered = result.text("role"), text_of(result, "content"), result.text("tool_call_id")
        result.end()
        if role != "tool" or text is None or answered != identity:
            raise bad(f"{name}: expected the role tool, a content, and the tool_call_id {identity!r:.60}", name)
        add([special[RESULT], *tokenizer.encode(" ".join(text.split())), special[END_RESULT]], True)
    return Begun(np.array(ids, np.int32), np.array(forced, bool))


def of_call(value: Any, name: str) -> tuple[str, str]:
    """The id of a call, and what the model wrote: its name and argument."""
    outer = Fields(value, name)
    identity, _ = outer.text("id"), outer.text("type")
    inner = Fields(outer.any("function"), f"{name}.function")
    outer.end()
    called, arguments = inner.text("name"), inner.text("arguments")
    inner.end()
    try:
        given = parse((arguments or "").encode("utf-8", "replace"))
        [argument] = given.values()
        if not (identity and called and isinstance(argument, str)):
            raise ValueError
    except (ValueError, AttributeError):
        raise bad(
            f"{name}: expected an id, a name, and arguments of one text, such as {{'input': '5 + 6'}}", name
        ) from None
    return identity, f"{called} {' '.join(argument.split())}"
