"""Download a published file: whole and unaltered, or not at all.

The bytes arrive in a file beside the target, with `.part` after its name. A second attempt asks only for the missing
bytes (HTTP Range, RFC 9110, section 14), so an interrupted download resumes. The file takes its real name in one step,
and only if its size and SHA-256 are the published ones. So a file with the real name is always the right one.
"""

import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from ssl import SSLError
from typing import IO
from urllib.parse import urlsplit

from minirl.data.published import File
from minirl.storage.checksums import digest
from minirl.storage.files import sync_folder

BLOCK = 1 << 16  # bytes read at once
TIMEOUT = 30.0  # seconds without a byte

Progress = Callable[[int], object]  # called with the number of bytes on this machine


class FetchError(OSError):
    """A file could not be fetched; the message says why, and what to do."""


class UnreachableError(FetchError):
    """There is no connection to the server, so none of its files can be downloaded now."""


def fetch(file: File, target: Path, source: Path | None = None, progress: Progress = lambda done: None) -> bool:
    """Make `target` the published file. Returns False if it already is.

    source: a file on this machine to copy, instead of downloading.
    Raises FetchError if the file cannot be fetched or is not the published one; `target` then stays as it was.
    """
    if target.is_file() and matches(target, file):
        progress(file.size)
        return False
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_way(target, part)
        if source is None:
            download(file, part, progress)
        else:
            _copy(source, part)
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(f"{target} cannot be written: {error}") from error
    if not matches(part, file):
        found = f"{part.stat().st_size:,} bytes with the SHA-256 {digest(part)}"
        part.unlink()  # no byte of it can be trusted: the next attempt starts from nothing
        raise FetchError(
            f"{source or file.url} is not the published file: it has {found}; expected {file.size:,} bytes with "
            f"{file.sha256}. It was not kept"
        )
    with _open(part, "rb+") as written:
        os.fsync(written.fileno())
    os.replace(part, target)
    sync_folder(target.parent)
    progress(file.size)
    return True


def download(file: File, part: Path, progress: Progress = lambda done: None) -> None:
    """Download the bytes that `part` does not have yet, and append them. After a FetchError, `part` keeps what came.

    Raises UnreachableError where the server does not answer at all.
    """
    have = part.stat().st_size if part.exists() else 0
    if have >= file.size:  # complete; or too long, which `fetch` notices afterwards
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
            with _open(part, "ab" if have else "wb") as written:
                while have <= file.size and (block := answer.read(BLOCK)):
                    written.write(block)
                    have += len(block)
                    progress(have)
            if have < file.size:
                raise http.client.HTTPException("the connection ended early")
    except (OSError, http.client.HTTPException) as error:  # urllib's own errors are OSErrors
        arrived = f"; {have:,} of {file.size:,} bytes are here, and the same command resumes" if have else ""
        reason = getattr(error, "reason", error)
        if (
            isinstance(error, urllib.error.URLError)
            and isinstance(reason, OSError)
            and not isinstance(reason, SSLError)
        ):
            why = reason.strerror or reason
            raise UnreachableError(f"{urlsplit(file.url).netloc} cannot be reached ({why}){arrived}") from error
        raise FetchError(f"{file.url} cannot be downloaded: {reason}{arrived}") from error


def matches(path: Path, file: File) -> bool:
    """Whether the file at `path` has the published size and SHA-256."""
    return path.stat().st_size == file.size and digest(path) == file.sha256


def _clear_way(target: Path, part: Path) -> None:
    """Take a symbolic link in the place of `part` away: what came through it would be written to another file."""
    if part.is_symlink():
        part.unlink()
    for path in (target, part):
        if path.exists() and not path.is_file():
            raise FetchError(f"{path} is no file; move it out of the way")


def _copy(source: Path, part: Path) -> None:
    """Copy a file; nothing is left of a copy that fails."""
    try:
        with open(source, "rb") as read, _open(part, "wb") as written:
            shutil.copyfileobj(read, written)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _open(part: Path, mode: str) -> IO[bytes]:
    """Open a file, but never through a symbolic link."""
    without_links = getattr(os, "O_NOFOLLOW", 0)  # which Windows has not
    return open(part, mode, opener=lambda path, flags: os.open(path, flags | without_links, 0o666))
