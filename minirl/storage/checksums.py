"""Checksums of the files of a folder, so that a flipped bit or a file cut short is found before it is computed with.

They stand in a file SHA256SUMS, which other programs read too: `sha256sum -c SHA256SUMS` in that folder checks them
(`shasum -a 256 -c SHA256SUMS` on macOS), and `sha256sum FILES > SHA256SUMS` accepts the files as they are.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from minirl.storage.files import atomic_write, naming

SUMS = "SHA256SUMS"
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


class DamagedError(ValueError):
    """A file that is not as it was written: which one, how that was noticed, and what to do."""


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    sha = hashlib.sha256()
    with naming(path), open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write SHA256SUMS, atomically. sums: name of a file -> its digest."""
    with atomic_write(folder / SUMS) as file:
        file.writelines(f"{sha}  {name}\n" for name, sha in sorted(sums.items()))


def read_sums(folder: Path) -> dict[str, str]:
    """Name -> digest, as SHA256SUMS has them. Raises DamagedError where that is missing or has other lines."""
    path = folder / SUMS
    try:
        *lines, end = path.read_bytes().decode("ascii").split("\n")
    except FileNotFoundError:
        raise DamagedError(f"{path} is missing") from None
    except UnicodeDecodeError:
        lines, end = [], "no text"
    matches = [LINE.fullmatch(line) for line in lines]
    found = {match[2]: match[1] for match in matches if match is not None}
    if end or len(found) != len(lines):
        raise DamagedError(f"{path} is damaged: it has lines other than a checksum and a name")
    return found


def check_sums(folder: Path, names: Iterable[str]) -> None:
    """Raises DamagedError for the first of these files that is missing, has no checksum, or does not match it."""
    sums = read_sums(folder)
    for name in names:
        if name not in sums:
            raise DamagedError(f"{folder / SUMS} has no checksum of {name}")
        if not (folder / name).is_file():
            raise DamagedError(f"{folder / name} is missing")
        if digest(folder / name) != sums[name]:
            size = (folder / name).stat().st_size
            raise DamagedError(f"{folder / name} ({size:,} bytes) is damaged: it does not match its checksum in {SUMS}")


def check_listed(folder: Path, names: Iterable[str] | None = None) -> None:
    """Like check_sums, for those of these files (by default all) that have a checksum.

    For who only reads: folders that other programs wrote, or earlier versions, have none.
    """
    if (folder / SUMS).is_file():
        sums = read_sums(folder)
        check_sums(folder, [name for name in names or sums if name in sums])


def parse_json(data: bytes, where: Path | str) -> Any:
    """What the JSON says. Raises DamagedError naming `where` it stands."""
    try:
        return json.loads(data)
    except ValueError as error:
        raise DamagedError(f"{where} is damaged: it is no valid JSON ({error})") from None
    except RecursionError:
        raise DamagedError(f"{where} is damaged: its lists or objects stand in each other too deeply") from None
