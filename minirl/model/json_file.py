"""JSON files from elsewhere, read with suspicion: what is damaged or hostile is an error that names the file."""

from pathlib import Path
from typing import Any

from minirl.storage import strict_json
from minirl.storage.strict_json import brief

LIMIT = 100_000_000  # bytes of a file


class CheckpointError(ValueError):
    """A checkpoint folder with a damaged file, or with parts that do not fit together."""


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises CheckpointError naming the file, and the line where there is one."""
    if path.stat().st_size > LIMIT:
        raise CheckpointError(f"{path} has {path.stat().st_size:,} bytes; expected at most {LIMIT:,}")
    return parse_json(path.read_bytes(), str(path))


def parse_json(data: bytes, source: str) -> dict[str, Any]:
    """The JSON object in `data`, which comes from `source`. Raises CheckpointError for anything else."""
    try:
        found = strict_json.parse(data)
    except ValueError as error:
        raise CheckpointError(f"{source} is no valid JSON ({error})") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{source} holds {brief(found)}; expected an object, {{...}}")
    return found


def plain(name: str) -> str:
    """A foreign name for a message: without quotes, unprintable characters escaped, and not too long."""
    return brief(name)[1:-1]


def several(problems: list[str], most: int = 8) -> str:
    """Problems for one message: the first few, and how many more there are."""
    more = f"; and {len(problems) - most} more" if len(problems) > most else ""
    return "; ".join(problems[:most]) + more
