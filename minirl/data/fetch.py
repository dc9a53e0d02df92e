"""Bringing a published file onto this machine, whole and unaltered or not at all.

The bytes arrive in a file beside the target, with `.part` after its name. What is there already is not asked for again
(HTTP Range, RFC 9110, section 14), so an interrupted download goes on where it stopped. Only when the size and the
SHA-256 are those published does the file take its name, in one step: whoever finds a file finds the right one.
"""

import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from minirl.data.published import File
from minirl.storage.checksums import digest
from minirl.storage.files import sync_folder

BLOCK = 1 << 16  # bytes read at once
TIMEOUT = 30.0  # seconds without a byte

Progress = Callable[[int], object]  # is told how many bytes of the file are here


class FetchError(OSError):
    """A file could not be brought here, and what to do about it."""


def fetch(file: File, target: Path, source: Path | None = None, progress: Progress = lambda done: None) -> bool:
    """Make `target` the published file; False where it is that already.

    source: a copy of it on this machine, taken instead of the published address.
    Raises FetchError where it cannot be had or is not the published one; `target` is then as it was.
    """
    if target.is_file() and _matches(target, file):
        progress(file.size)
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    if source is None:
        download(file, part, progress)
    else:
        shutil.copyfile(source, part)
    if not _matches(part, file):
        found = f"{part.stat().st_size:,} bytes with the SHA-256 {digest(part)}"
        part.unlink()  # nothing of it can be trusted: the next attempt begins anew
        raise FetchError(
            f"{source or file.url} is not the published file: it has {found}; expected {file.size:,} bytes with "
            f"{file.sha256}. Nothing of it was kept"
        )
    with open(part, "rb+") as written:
        os.fsync(written.fileno())
    os.replace(part, target)
    sync_folder(target.parent)
    progress(file.size)
    return True


def download(file: File, part: Path, progress: Progress = lambda done: None) -> None:
    """Append to `part` what it still lacks of the file. Raises FetchError, and keeps what did arrive."""
    have = part.stat().st_size if part.exists() else 0
    if have >= file.size:  # complete; or too much, which the check afterwards finds out
        return
    request = urllib.request.Request(file.url, headers={"User-Agent": "minirl"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            if answer.status != 206:  # the server sends the whole file
                have = 0
            elif not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                raise http.client.HTTPException("the server sent other bytes than it was asked for")
            with open(part, "ab" if have else "wb") as written:
                while have <= file.size and (block := answer.read(BLOCK)):
                    written.write(block)
                    have += len(block)
                    progress(have)
            if have < file.size:
                raise http.client.HTTPException("the connection ended early")
    except (OSError, http.client.HTTPException) as error:  # urllib's own errors are OSErrors
        arrived = f"; {have:,} of {file.size:,} bytes are here, and the same command goes on from there" if have else ""
        reason = getattr(error, "reason", error)
        raise FetchError(f"{file.url} cannot be downloaded: {reason}{arrived}") from error


def _matches(path: Path, file: File) -> bool:
    return path.stat().st_size == file.size and digest(path) == file.sha256
