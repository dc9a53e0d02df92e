"""Records from the files of published datasets, each field checked: text is text, and an answer is an answer.

A file is a JSON array of objects, or has one object a line. Whatever is wrong with it, the message names the file, the
line and the field. A byte order mark, blank lines and Windows' line ends are harmless, and are read past.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from minirl.storage.strict_json import brief, decoder, has_surrogate

Record = dict[str, Any]


class DataError(ValueError):
    """A file of a dataset that cannot be read: where in it, and what is wrong there."""


def records(path: Path) -> Iterator[tuple[int, Record]]:
    """Each record with the line on which it begins, from 1. Raises DataError."""
    read = decoder()
    with open(path, "rb") as file:  # bytes end lines at \n only: U+2028 stands within a line of GSM8K
        started = False
        for number, line in enumerate(file, start=1):
            if number == 1:
                if line.startswith(b"\x1f\x8b"):
                    raise DataError(f"{path} is compressed; unpack it with gunzip")
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            if not started and line.lstrip().startswith(b"["):
                yield from _array(path, _decode(path, number, line + file.read()), number, read)
                return
            started = True
            yield number, _object(path, number, _decode(path, number, line).strip(), read)


def _array(path: Path, text: str, line: int, read: json.JSONDecoder) -> Iterator[tuple[int, Record]]:
    """The objects of a JSON array, whose first line has the number `line`."""
    at, counted = text.index("[") + 1, 0
    separator = ""
    while True:
        at = _skip_space(text, at)
        if text[at : at + 1] == "]" and separator != ",":
            break
        line, counted = line + text.count("\n", counted, at), at
        found, at = _parse(path, line, text, at, read)
        yield line, _is_object(path, line, found)
        at = _skip_space(text, at)
        separator = text[at : at + 1]
        if separator not in (",", "]") or not separator:
            line += text.count("\n", counted, at)
            raise DataError(f"{path}, line {line}: {brief(separator)} stands after a record; expected , or ]")
        at += separator == ","
    if text[at + 1 :].strip():
        raise DataError(f"{path}: {brief(text[at + 1 :].strip())} stands after the end of the array")


def _skip_space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\n", "\r", "\t"):
        at += 1
    return at


def _object(path: Path, line: int, text: str, read: json.JSONDecoder) -> Record:
    found, end = _parse(path, line, text, 0, read)
    if end < len(text):
        raise DataError(f"{path}, line {line}: {brief(text[end:])} stands after the record")
    return _is_object(path, line, found)


def _parse(path: Path, line: int, text: str, at: int, read: json.JSONDecoder) -> tuple[Any, int]:
    try:
        return read.raw_decode(text, at)
    except json.JSONDecodeError as error:
        line += text.count("\n", at, error.pos)
        raise DataError(f"{path}, line {line}: no valid JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        what = "lists or objects stand too deep in each other" if isinstance(error, RecursionError) else error
        raise DataError(f"{path}, line {line}: {what}") from None


def _decode(path: Path, line: int, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise DataError(f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8") from None


def _is_object(path: Path, line: int, found: Any) -> Record:
    if not isinstance(found, dict):
        raise DataError(f"{path}, line {line} has {brief(found)}; expected an object in braces")
    return found


# ---- fields: each function raises ValueError naming the field and its value ----


def field(record: Mapping[str, Any], name: str) -> Any:
    """A field that must be there."""
    if name not in record:
        raise ValueError(f"the field {name!r} is missing; there are {brief(list(record))}")
    return record[name]


def text(record: Mapping[str, Any], name: str, *, empty: bool = False) -> str:
    """A field of text, which may be blank only if `empty` says so."""
    return _check_text(field(record, name), repr(name), empty)


def texts(record: Mapping[str, Any], name: str) -> list[str]:
    """A field that is a list of texts."""
    found = field(record, name)
    if not isinstance(found, list):
        raise ValueError(f"{name!r} is {brief(found)}; expected a list of texts")
    return [_check_text(one, f"{name!r}[{place}]", empty=True) for place, one in enumerate(found)]


def _check_text(found: Any, where: str, empty: bool) -> str:
    if not isinstance(found, str):
        raise ValueError(f"{where} is {brief(found)}; expected text")
    if has_surrogate(found):
        raise ValueError(f"{where} is {brief(found)}, with a lone surrogate, which is no character")
    if not empty and not found.strip():
        raise ValueError(f"{where} is {brief(found)}; expected some text")
    return found


def number(record: Mapping[str, Any], name: str) -> int | float:
    """A field that is a number of usual size; text such as "51" is none, and neither is true."""
    found = field(record, name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) < 1e15:
        raise ValueError(f"{name!r} is {brief(found)}; expected a number below 10^15")
    return found


def yes_or_no(record: Mapping[str, Any], name: str) -> bool:
    """A field that is true or false; the text "false" is neither."""
    found = field(record, name)
    if not isinstance(found, bool):
        raise ValueError(f"{name!r} is {brief(found)}; expected true or false")
    return found
