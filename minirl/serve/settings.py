"""What requests of both kinds have in common: how tokens are drawn, what ends an answer, which rows are made."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minirl.autograd import Array
from minirl.generate import Row, Sampling, row_stream
from minirl.generate.prompts import StopTexts
from minirl.generate.sampling import MOST
from minirl.generate.temperature import Schedule, Temperature, parse_temperature
from minirl.serve.errors import bad
from minirl.serve.fields import Fields
from minirl.serve.served import Served
from minirl.tools import Toolbox, Turn, toolbox

COOLEST, HOTTEST = 1e-8, 100.0  # temperatures between which the arithmetic is safe; and 0
LONGEST_STOP = 256  # characters
PENALTY = 100.0


def temperature(fields: Fields, default: float) -> Temperature:
    """A number, or a schedule as text."""
    value, found = fields.any("temperature"), None
    if isinstance(value, str):
        try:
            found = parse_temperature(value)
        except ValueError as error:
            raise bad(str(error), "temperature", "invalid_value") from None
    else:
        found = fields.number("temperature", default, 0, HOTTEST)
    ends = (found.first, found.last) if isinstance(found, Schedule) else (found,)
    long = isinstance(found, Schedule) and found.tokens > MOST
    if long or not all(end == 0 or COOLEST <= end <= HOTTEST for end in ends):
        raise fields.wrong("temperature", f"0, or {COOLEST:g} to {HOTTEST:g}, and a schedule of at most {MOST} tokens")
    return found


def sampling(fields: Fields, default: float, max_tokens: int) -> Sampling:
    """How tokens are drawn. default: the temperature of a request that names none."""
    return Sampling(
        temperature=temperature(fields, default),
        top_k=fields.whole("top_k", 0, 0, MOST),
        top_p=fields.number("top_p", 1.0, 1e-6, 1),
        min_p=fields.number("min_p", 0.0, 0, 1),
        no_repeat_ngram=fields.whole("no_repeat_ngram", 0, 0, MOST),
        frequency_penalty=fields.number("frequency_penalty", 0.0, -PENALTY, PENALTY),
        presence_penalty=fields.number("presence_penalty", 0.0, -PENALTY, PENALTY),
        max_new_tokens=max_tokens,
    )


def stop_texts(fields: Fields, served: Served) -> StopTexts | None:
    """What ends an answer beside the end token; None where nothing does."""
    texts = fields.texts("stop", served.limits.stop)
    if not texts:
        return None
    if not all(0 < len(text) <= LONGEST_STOP for text in texts):
        raise fields.wrong("stop", f"texts of 1 to {LONGEST_STOP} characters")
    return StopTexts(served.tokenizer, [text.encode("utf-8", "replace").decode() for text in texts])


def seed(fields: Fields) -> int:
    """The seed; a new one where the request names none."""
    return fields.whole("seed", secrets.randbits(32), 0, 2**63 - 1)


def tools_called(names: list[str], served: Served) -> Toolbox | None:
    """The tools that an answer may call."""
    return toolbox(served.tokenizer, names)


def tool_names(fields: Fields, served: Served, default: list[str]) -> list[str]:
    """The tools that a request names, of those that this server has."""
    names = fields.texts("tools", 16)
    if names is None:
        return default
    for name in names:
        if name not in served.tools:
            raise bad(
                f"there is no tool {name[:60]!r}; there are {', '.join(served.tools) or 'none for this model'}",
                "tools", "invalid_value",
            )  # fmt: skip
    return list(dict.fromkeys(names))


def check_room(prompt: Array, served: Served, field: str) -> int:
    """How many tokens may follow a prompt. Raises ApiError where there is no room for one."""
    if not 1 <= len(prompt) <= served.context:
        raise bad(
            f"{field}: the prompt has {len(prompt)} tokens; expected 1 to {served.context}, the context length of this "
            "server", field, "context_length_exceeded",
        )  # fmt: skip
    return served.context - len(prompt) + 1


@dataclass
class Begun:
    """Tokens that an answer goes on from."""

    ids: Array
    forced: Array

    @property
    def drawn(self) -> int:
        """How many of them the model drew."""
        return int((~self.forced).sum())


def make_rows(
    prompts: list[Array], samples: int, seed: int, rule: Sampling, stops: StopTexts | Callable[[Array], bool] | None,
    tools: Toolbox | None = None, begun: Begun | None = None, first: int = 0,
) -> list[list[Row]]:  # fmt: skip
    """The rows of each prompt; the same as `generate` makes for this seed. first: the number of the first sample."""
    groups = []
    for number, prompt in enumerate(prompts):
        rows = []
        for sample in range(first, first + samples):
            row = Row(prompt, number, sample, row_stream(seed, number, sample), sampling=rule)
            row.finish = stops
            if tools is not None:
                row.turn = tools.turn()
            if begun is not None:
                row.begun, row.begun_forced = begun.ids, begun.forced
            rows.append(row)
        groups.append(rows)
    return groups


def resumed(row: Row, room: int) -> None:
    """Let a row with tools take up the calls of the ids that it goes on from: a call that has just ended is answered.
    Raises ApiError where a mark is out of place, or the result has no room."""
    if not isinstance(row.turn, Turn) or not len(row.begun):
        return
    result = row.turn.resume(row.begun, row.begun_forced, room - len(row.begun) - 1)
    if result is None:
        raise bad("prefix_ids: a mark of a call stands out of place, or its result has no room", "prefix_ids")
    row.begun = np.concatenate([row.begun, result])
    row.begun_forced = np.concatenate([row.begun_forced, np.ones(len(result), bool)])
