"""The fields of a tokenizer.json: each is known, or refused, because a wrong token is worse than a refusal."""

from collections.abc import Collection, Mapping
from typing import Any

from minirl.storage.strict_json import brief

LONGEST = 60  # characters of a name that a message shows whole


class FormatError(ValueError):
    """A tokenizer.json that is damaged, or that needs what minirl does not have."""


def known(contents: Mapping[str, Any], path: str, names: Collection[str]) -> None:
    """Refuse each field that has another name, unless it is switched off: null, false, 0, or empty text."""
    for name, value in contents.items():
        if name not in names and not (value is None or value is False or value in (0, "")):
            raise refusal(f"{path}{name if len(name) < LONGEST else brief(name)}", value)


def refusal(field: str, value: object) -> FormatError:
    """The error for a field whose value asks for something that minirl does not do."""
    return FormatError(f"{field} is {brief(value)}: minirl reads tokenizers without it only")
