"""JSON: a line of a .jsonl file is a document, and so is an element of the list in a .json file."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from minirl.corpus.raw import Raw, ReadError
from minirl.corpus.readers.streams import opened
from minirl.storage.strict_json import brief

LARGEST = 1 << 28  # bytes of a .json file, which is read whole


def read_lines(path: Path, fields: Sequence[str]) -> Iterator[Raw]:
    """A document for each line. Raises ReadError, naming file and line, for one that has none of the fields."""
    with opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                place = f"{path}, line {number}"
                yield Raw(place, text_of(parsed(line, place), fields, place))


def read_list(path: Path, fields: Sequence[str]) -> Iterator[Raw]:
    """A document for each element of the list. Raises ReadError for anything else, and for files over 256 MB."""
    with opened(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ReadError(f"{path} is larger than {LARGEST >> 20} MB; write one document a line, in a .jsonl file")
    values = parsed(data, str(path))
    if not isinstance(values, list):
        raise ReadError(f"{path} is {brief(values)}; expected a list of texts or of objects")
    for number, value in enumerate(values, start=1):
        place = f"{path}, element {number}"
        yield Raw(place, text_of(value, fields, place))


def parsed(data: bytes, place: str) -> Any:
    """What the JSON says."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{place} is no valid JSON: {error}") from None


def text_of(value: Any, fields: Sequence[str], place: str) -> str:
    """A text; or the fields of an object that are text, one below the other."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ReadError(f"{place} is {brief(value)}; expected a text or an object")
    texts = [value[field] for field in fields if isinstance(value.get(field), str)]
    if not texts:
        raise ReadError(
            f"{place} has the fields {brief(list(value))}, and no text in {' or '.join(fields)}; name the fields that "
            "hold text with --fields"
        )
    return "\n\n".join(text for text in texts if text)
