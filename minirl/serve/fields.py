"""The fields of a request: each is read once, by its type, and what is left over is refused by name.

    fields = Fields(body)
    temperature = fields.number("temperature", 1.0, 0, 100)
    fields.refuse({"logit_bias": "tokens cannot be favoured"})     # known to OpenAI, not offered here
    fields.end()                                                    # anything else: 400, with its name

null stands for a field that was left out, as OpenAI's client sends it.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from minirl.autograd import Array
from minirl.serve.errors import bad
from minirl.storage.strict_json import brief

T = TypeVar("T")


class Fields:
    """The fields of one JSON object. Every method raises ApiError for a value of another type or out of range."""

    def __init__(self, given: Any, inside: str = "") -> None:
        """given: what the request says. inside: the name of the field that holds this object, for messages."""
        if not isinstance(given, dict):
            raise bad(f"{inside or 'the body'} is {brief(given)}; expected a JSON object", inside or None)
        self.given = {name: value for name, value in given.items() if value is not None}
        self.prefix, self.read = f"{inside}." if inside else "", set[str]()

    def has(self, name: str) -> bool:
        """Whether the field is there, and not null."""
        return name in self.given

    def any(self, name: str) -> Any:
        """The value as it is; None where it is left out."""
        self.read.add(name)
        return self.given.get(name)

    def _of(self, name: str, kinds: type | tuple[type, ...], wanted: str) -> Any:
        value = self.any(name)
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)):
            raise self.wrong(name, wanted)
        return value

    def wrong(self, name: str, wanted: str) -> Exception:
        """The error for a field whose value is not what is wanted."""
        field = self.prefix + name
        return bad(f"{field} is {brief(self.given.get(name))}; expected {wanted}", field, "invalid_value")

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """A number from `least` to `most`."""
        value = self._of(name, (int, float), f"a number from {least:g} to {most:g}")
        if value is None:
            return default
        if not least <= value <= most:
            raise self.wrong(name, f"a number from {least:g} to {most:g}")
        return float(value)

    def whole(self, name: str, default: T, least: int, most: int) -> int | T:
        """A whole number from `least` to `most`."""
        value = self._of(name, int, f"a whole number from {least} to {most}")
        if value is None:
            return default
        if not least <= value <= most:
            raise self.wrong(name, f"a whole number from {least} to {most}")
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        value = self._of(name, bool, "true or false")
        return default if value is None else bool(value)

    def text(self, name: str) -> str | None:
        """A text; None where it is left out."""
        value: str | None = self._of(name, str, "a text")
        return value

    def one_of(self, name: str, default: T, choices: tuple[str, ...] | list[str]) -> str | T:
        """One of these words."""
        value = self.text(name)
        if value is None:
            return default
        if value not in choices:
            raise self.wrong(name, f"one of {', '.join(choices)}")
        return value

    def texts(self, name: str, most: int) -> tuple[str, ...] | None:
        """A list of at most `most` texts, or a text; None where it is left out."""
        value = self._of(name, (str, list), f"a text, or a list of up to {most}")
        if value is None:
            return None
        found = (value,) if isinstance(value, str) else tuple(value)
        if len(found) > most or not all(isinstance(one, str) for one in found):
            raise self.wrong(name, f"a text, or a list of up to {most}")
        return found

    def ids(self, name: str, vocabulary: int) -> Array | None:
        """A list of token ids, (n,) int32; None where it is left out."""
        value = self._of(name, list, "a list of token ids")
        return None if value is None else self.as_ids(name, value, vocabulary)

    def as_ids(self, name: str, value: list[Any], vocabulary: int) -> Array:
        """The ids of a list, (n,) int32."""
        if not all(type(one) is int and 0 <= one < vocabulary for one in value):
            raise self.wrong(name, f"a list of token ids, whole numbers from 0 to {vocabulary - 1}")
        return np.array(value, np.int32)

    def refuse(self, unsupported: Mapping[str, str]) -> None:
        """Refuse what OpenAI's API has and this server has not, unless it was read before: then it asks for nothing.

        unsupported: field -> why, or what to do instead.
        """
        for name, why in unsupported.items():
            if name in self.given and name not in self.read:
                raise bad(f"{self.prefix}{name} is not supported: {why}", self.prefix + name, "unsupported_field")

    def end(self) -> None:
        """Refuse every field that nobody has read."""
        for name in self.given:
            if name not in self.read:
                field = self.prefix + (name if len(name) <= 60 else name[:60] + "...")
                raise bad(
                    f"there is no field {brief(field)}; there are {', '.join(sorted(self.read))}", field,
                    "unknown_field",
                )  # fmt: skip
