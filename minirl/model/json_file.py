"""JSON files from elsewhere, read with suspicion: what is damaged or hostile is an error that names the file."""

import json
from pathlib import Path
from typing import Any, NoReturn

SHOWN = 80  # characters of a foreign name or value in a message
LIMIT = 100_000_000  # bytes of a file


class CheckpointError(ValueError):
    """A checkpoint folder with a damaged file, or with parts that do not fit together."""


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises CheckpointError naming the file, and the line where there is one."""
    if path.stat().st_size > LIMIT:
        raise CheckpointError(f"{path} has {path.stat().st_size:,} bytes; expected at most {LIMIT:,}")
    return parse_json(path.read_bytes(), str(path))


def parse_json(data: bytes, source: str) -> dict[str, Any]:
    """The JSON object in `data`, which comes from `source`. Raises CheckpointError for anything else.

    Stricter than Python's parser: a key may not occur twice, and NaN and Infinity, which JSON lacks, are refused.
    """
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refused)
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{source} is no UTF-8 text (byte {error.start}: {error.reason})") from None
    except RecursionError:
        raise CheckpointError(f"{source} is nested too deeply to be read") from None
    except ValueError as error:
        raise CheckpointError(f"{source} is no valid JSON ({error})") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{source} holds {shown(found)}; expected an object, {{...}}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {shown(twice)} occurs twice")
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def shown(value: object) -> str:
    """A foreign value for a message: its repr, or the beginning of it."""
    text = repr(value if not isinstance(value, str) else value[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def plain(name: str) -> str:
    """A foreign name for a message: without quotes, unprintable characters escaped, and not too long."""
    return shown(name)[1:].rstrip("'\"")


def several(problems: list[str], most: int = 8) -> str:
    """Problems for one message: the first few, and how many more there are."""
    more = f"; and {len(problems) - most} more" if len(problems) > most else ""
    return "; ".join(problems[:most]) + more
