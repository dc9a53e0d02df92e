"""A corpus on the disk: tokens in shards, and a manifest that says what they are.

    manifest.json        sources, settings, counts; of each shard its tokens and its SHA-256
    tokenizer.json       what the ids mean
    train-00000.bin      ids, uint16 (uint32 for vocabularies over 65,536), little-endian; each document ends in <|end|>
    valid-00000.bin      the documents that are held out
    report.md            what was removed on the way, and why
    SHA256SUMS           for `sha256sum -c`

Shards are memory-mapped: of a corpus of any size, only the rows that are being read are in memory.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from minirl.storage.checksums import DamagedError, digest
from minirl.storage.files import atomic_write

Array = np.ndarray

FORMAT, VERSION = "minirl.corpus", 1
MANIFEST = "manifest.json"
SPLITS = ("train", "valid")
SHARD = 1 << 26  # tokens


class ShardWriter:
    """Writes the tokens of one split, shard by shard, each atomically."""

    def __init__(self, folder: Path, split: str, vocab_size: int, tokens: int = SHARD) -> None:
        self.folder, self.split, self.size = folder, split, tokens
        self.dtype = dtype_for(vocab_size)
        self.documents = self.bytes = self.tokens = 0
        self.shards: list[dict[str, Any]] = []
        self._held: list[Array] = []
        self._count = 0

    def add(self, ids: Array, size: int) -> None:
        """Take the tokens of a document, whose text has `size` bytes."""
        self.documents += 1
        self.bytes += size
        self.tokens += len(ids)
        self._held.append(ids.astype(self.dtype))
        self._count += len(ids)
        if self._count >= self.size:
            self.flush()

    def flush(self) -> None:
        """Write what is held, as the next shard."""
        if self._count:
            name = f"{self.split}-{len(self.shards):05}.bin"
            with atomic_write(self.folder / name, "wb") as file:
                file.writelines(ids.tobytes() for ids in self._held)
            shard = {"file": name, "tokens": self._count, "sha256": digest(self.folder / name)}
            self.shards.append(shard)
            self._held, self._count = [], 0

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return {"documents": self.documents, "bytes": self.bytes, "tokens": self.tokens, "shards": self.shards}


def dtype_for(vocab_size: int) -> np.dtype:
    """The smallest type that holds the ids."""
    return np.dtype("<u2") if vocab_size <= 1 << 16 else np.dtype("<u4")


class Corpus:
    """A corpus that was prepared. Raises FileNotFoundError where there is none, and DamagedError for files that are not
    as the manifest says."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        path = self.folder / MANIFEST
        try:
            self.manifest: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise FileNotFoundError(
                f"there is no corpus in {self.folder}; `python -m minirl.data prepare SOURCES --out {self.folder}` "
                "makes one, and goes on with one that was interrupted"
            ) from None
        except ValueError as error:
            raise DamagedError(f"{path} is damaged: {error}; prepare the corpus again") from None
        if not isinstance(self.manifest, dict) or self.manifest.get("format") != FORMAT:
            raise ValueError(f"{path} is no manifest of a corpus; give a folder that `minirl.data prepare` made")
        if self.manifest.get("version") != VERSION:
            raise ValueError(f"{path} has version {self.manifest.get('version')!r}; this minirl reads {VERSION}")
        self.vocab_size = int(self.manifest["tokenizer"]["vocab_size"])
        self._mapped: dict[str, tuple[list[Array], Array]] = {}

    @property
    def sha256(self) -> str:
        """What tells this corpus from every other: the digest of its manifest, which holds those of its shards."""
        return digest(self.folder / MANIFEST)

    def tokens(self, split: str) -> int:
        """How many tokens a split has."""
        return int(self.manifest["splits"][split]["tokens"])

    def check(self) -> None:
        """Raises DamagedError for the first shard that is missing or altered. Reads all of them."""
        for split in SPLITS:
            for shard in self.manifest["splits"][split]["shards"]:
                path = self.folder / shard["file"]
                if not path.is_file() or digest(path) != shard["sha256"]:
                    raise DamagedError(f"{path} is missing or altered; prepare the corpus again")

    def read(self, split: str, start: int, stop: int) -> Array:
        """Tokens `start` to `stop` - 1 of a split, int32; fewer where it ends before."""
        shards, ends = self._map(split)
        found = []
        for shard in range(int(np.searchsorted(ends, start, "right")), len(shards)):
            begin = int(ends[shard]) - len(shards[shard])
            found.append(shards[shard][max(start - begin, 0) : stop - begin])
            if stop <= ends[shard]:
                break
        return np.concatenate([np.zeros(0, np.int32), *found]).astype(np.int32)

    def _map(self, split: str) -> tuple[list[Array], Array]:
        if split not in self._mapped:
            shards: list[Array] = []
            for shard in self.manifest["splits"][split]["shards"]:
                path = self.folder / shard["file"]
                expected = shard["tokens"] * dtype_for(self.vocab_size).itemsize
                size = path.stat().st_size if path.is_file() else -1
                if size != expected:
                    raise DamagedError(
                        f"{path} is missing; prepare the corpus again" if size < 0 else
                        f"{path} has {size:,} bytes; expected {expected:,}. Prepare the corpus again"
                    )  # fmt: skip
                shards.append(np.memmap(path, dtype_for(self.vocab_size), "r"))
            self._mapped[split] = shards, np.cumsum([len(shard) for shard in shards], dtype=np.int64)
        return self._mapped[split]

    def texts(self, split: str, end: int, limit: int | None = None) -> Iterator[Array]:
        """The documents of a split, as ids without the end token `end`."""
        held = np.zeros(0, np.int32)
        total = self.tokens(split)
        for start in range(0, total, 1 << 20):
            held = np.concatenate([held, self.read(split, start, min(start + (1 << 20), total))])
            ends = np.flatnonzero(held == end)
            first = 0
            for stop in ends:
                if limit is not None:
                    if limit == 0:
                        return
                    limit -= 1
                yield held[first:stop]
                first = stop + 1
            held = held[first:]
