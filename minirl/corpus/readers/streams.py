"""Files as streams of bytes, decompressed on the way: .gz and .bz2 by Python itself, .zst where zstandard is there."""

import bz2
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from minirl.corpus.raw import ReadError

COMPRESSED = (".gz", ".bz2", ".zst")


def inner_name(path: Path) -> str:
    """The name without the ending of a compression: "a.jsonl.gz" -> "a.jsonl"."""
    return path.name[: -len(path.suffix)] if path.suffix.lower() in COMPRESSED else path.name


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The decompressed bytes of a file. Raises ReadError, naming the file, for one that cannot be read or is
    damaged."""
    try:
        with _open(path) as stream:
            yield stream
    except ReadError:
        raise
    except (EOFError, zlib.error, OSError) as error:
        raise ReadError(f"{path} cannot be read: {error}") from error


def _open(path: Path) -> IO[bytes]:
    kind = path.suffix.lower()
    if kind == ".gz":
        return gzip.open(path)  # type: ignore[return-value]
    if kind == ".bz2":
        return bz2.open(path)
    if kind == ".zst":
        return _zstandard(path)
    return open(path, "rb")


def _zstandard(path: Path) -> IO[bytes]:
    try:
        import zstandard
    except ImportError:
        raise ReadError(
            f"{path} needs the package zstandard: pip install zstandard; or decompress it: zstd -d {path.name}"
        ) from None

    class Stream(io.RawIOBase):
        """Reads frames until the file ends; a damaged frame is a ReadError."""

        def __init__(self) -> None:
            self.file = open(path, "rb")  # noqa: SIM115  (closed with the stream)
            self.inner: Any = zstandard.ZstdDecompressor().stream_reader(self.file, read_across_frames=True)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            try:
                return self.inner.readinto(buffer)
            except zstandard.ZstdError as error:
                raise ReadError(f"{path} cannot be read: {error}") from error

        def close(self) -> None:
            self.file.close()
            super().close()

    return io.BufferedReader(Stream(), 1 << 20)
