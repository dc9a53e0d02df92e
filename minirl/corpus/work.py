"""Reading and sieving all sources, in several processes, with a journal: a run that was killed goes on where it was.

Results are collected in parts of some megabytes, in the order of the documents. A part is three things: its texts
(.jsonl), its digests and bands (.npz), and, once those are on the disk, its line in the journal. A run that finds a
journal passes over the documents that its lines count. The parts do not depend on the number of processes.

In memory are a few batches of documents at a time; and while duplicates are found, about 30 bytes for each document.
"""

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from minirl.corpus.raw import Raw, ReadError
from minirl.corpus.readers import read
from minirl.corpus.rules import Rule
from minirl.corpus.settings import Settings
from minirl.corpus.sieve import Counts, Sieve, Sieved
from minirl.corpus.signature import BANDS
from minirl.storage.checksums import DamagedError, digest
from minirl.storage.files import append, atomic_write, naming

BATCH = 1 << 20  # characters that a process gets at a time
PART = 16 << 20  # characters of raw documents in a part
JOURNAL = "journal.jsonl"

Progress = Callable[[Counts], object]  # called with what was counted so far


@dataclass
class Part:
    """A line of the journal: which documents of which source the part holds, and what was counted."""

    number: int
    source: int
    last: bool
    """Whether the source ends with this part."""
    counts: Counts = field(default_factory=Counts)


class Workshop:
    """The folder of an unfinished corpus."""

    def __init__(self, folder: Path, sources: Sequence[Path], settings: Settings) -> None:
        """Raises ValueError where the folder holds the beginning of another corpus."""
        self.folder, self.sources, self.settings = folder, list(sources), settings
        self.journal = folder / JOURNAL
        self.parts: list[Part] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.sums: list[str] = []
        if self.journal.exists():
            self._resume()
        else:
            self._begin()

    def _begin(self) -> None:
        self.sums = [_sum(path, self.settings) for path in self.sources]
        with atomic_write(self.journal) as file:
            file.write(json.dumps(self._heading()) + "\n")

    def _heading(self) -> dict[str, Any]:
        settings = json.loads(json.dumps(asdict(self.settings)))
        return {"settings": settings, "sources": list(map(str, self.sources)), "sha256": self.sums}

    def _resume(self) -> None:
        *lines, rest = self.journal.read_bytes().split(b"\n")
        if rest:  # the line that was being written when the run was killed
            with open(self.journal, "rb+") as file:
                file.truncate(sum(len(line) + 1 for line in lines))
        try:
            heading, *records = map(json.loads, lines)
            self.sums = heading["sha256"]
            for record in records:
                counts = record.pop("counts")
                self.parts.append(Part(**record, counts=_counts(counts)))
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"{self.journal} is damaged: {error}; remove {self.folder} to begin again") from None
        if heading != self._heading() and not self.parts:  # nothing was done yet
            self._begin()
            return
        if heading != self._heading():
            raise ValueError(
                f"{self.folder} holds the beginning of a corpus from other sources or with other settings; give the "
                "command that began it, or remove that folder to begin again"
            )
        for path, known in zip(self.sources, self.sums, strict=True):
            if _sum(path, self.settings) != known:
                raise ValueError(f"{path} has changed since {self.folder} was begun; remove that folder to begin again")

    @property
    def counts(self) -> Counts:
        """What all parts counted."""
        total = Counts()
        for part in self.parts:
            total.add(part.counts)
        return total

    def run(self, contamination: Rule | None, workers: int, progress: Progress = lambda counts: None) -> None:
        """Do what is left of the sources. Raises ReadError, naming the file, for one that cannot be read."""
        total, held = self.counts, list[Sieved]()
        unreadable: dict[int, list[str]] = {}
        with _sieving(self.settings, contamination, workers) as sieve:
            for source, sieved in sieve(self._batches(unreadable)):
                if sieved is None:
                    self._write(held, source, last=True, unreadable=unreadable[source])
                    held = []
                    continue
                held.append(sieved)
                total.add(sieved.counts)
                progress(total)
                if sum(one.counts.characters for one in held) >= PART:
                    self._write(held, source, last=False)
                    held = []

    def _batches(self, unreadable: dict[int, list[str]]) -> Iterator[tuple[int, list[Raw] | None]]:
        """What is left of the sources, one after the other: number of the source and a batch; None where it ends."""
        for source, path in enumerate(self.sources):
            done = [part for part in self.parts if part.source == source]
            if done and done[-1].last:
                continue
            unreadable[source] = []
            already = sum(part.counts.read for part in done)
            for batch in self._documents(path, already, unreadable[source]):
                yield source, batch
            yield source, None

    def _documents(self, path: Path, already: int, unreadable: list[str]) -> Iterator[list[Raw]]:
        """Batches of the raw documents of a source, after those that are done."""
        batch: list[Raw] = []
        size = 0
        try:
            for raw in islice(read(path, self.settings.fields), already, None):
                batch.append(raw)
                size += len(raw.text)
                if size >= BATCH:
                    yield batch
                    batch, size = [], 0
        except ReadError as error:
            if self.settings.errors == "stop":
                raise
            unreadable.append(str(error))
        if batch:
            yield batch

    def _write(self, held: list[Sieved], source: int, last: bool, unreadable: Sequence[str] = ()) -> None:
        part = Part(len(self.parts), source, last, Counts(unreadable=list(unreadable)))
        for one in held:
            part.counts.add(one.counts)
        texts, numbers = self.files(part.number)
        with atomic_write(texts) as file:
            for one in held:
                for name, text in zip(one.names, one.texts, strict=True):
                    file.write(json.dumps({"name": name, "text": text}) + "\n")
        with atomic_write(numbers, "wb") as file:
            digests = np.concatenate([np.zeros(0, np.uint64), *(one.digests for one in held)])
            rows = [np.concatenate([one.bands[b] for one in held]) for b in range(self.bands)] if held else []
            named = {band_name(b): row for b, row in enumerate(rows or [digests] * self.bands)}
            np.savez(file, **{"digests": digests, **named})  # type: ignore[arg-type]  # no name is allow_pickle
        append(self.journal, json.dumps({**vars(part), "counts": vars(part.counts)}).encode() + b"\n")
        self.parts.append(part)

    @property
    def bands(self) -> int:
        """How many bands a document has."""
        return BANDS if self.settings.near_duplicates else 0

    def files(self, number: int) -> tuple[Path, Path]:
        """The files of a part: its texts, its numbers."""
        return self.folder / f"{number:05}.jsonl", self.folder / f"{number:05}.npz"

    def numbers(self) -> tuple[np.ndarray, Iterator[list[np.ndarray]]]:
        """The digests of all documents that were kept, (N,) uint64; and band after band its numbers, part by part."""
        paths = [self.files(part.number)[1] for part in self.parts]
        digests = np.concatenate([np.zeros(0, np.uint64), *(_load(path, "digests") for path in paths)])
        return digests, ([_load(path, band_name(b)) for path in paths] for b in range(self.bands))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Name and text of all documents that were kept, in order."""
        for part in self.parts:
            with open(self.files(part.number)[0], encoding="utf-8") as file:
                for line in file:
                    record = json.loads(line)
                    yield record["name"], record["text"]


def band_name(number: int) -> str:
    """The name of a band in a part's file."""
    return f"band{number:02}"


def _load(path: Path, name: str) -> np.ndarray:
    with np.load(path) as file:
        found: np.ndarray = file[name]
    return found


def _counts(record: dict[str, Any]) -> Counts:
    counts = Counts()
    counts.add(Counts(**record))
    return counts


def _sum(path: Path, settings: Settings) -> str:
    """A source's SHA-256. Raises ReadError for one that cannot be opened; with errors="skip" that is said later."""
    try:
        with naming(path):
            return digest(path)
    except OSError as error:
        if settings.errors == "stop":
            raise ReadError(f"{path} cannot be read: {error.strerror}; --errors skip counts such files") from None
        return ""


Batches = Iterator[tuple[int, list[Raw] | None]]
Results = Iterator[tuple[int, Sieved | None]]


@contextmanager
def _sieving(settings: Settings, contamination: Rule | None, workers: int) -> Iterator[Callable[[Batches], Results]]:
    """A function from batches of sources to what is left of them, in their order; in this process where one worker is
    wanted. Several work on the end of one source and the beginning of the next at the same time."""
    if workers <= 1:
        sieve = Sieve(settings, contamination)
        yield lambda batches: ((source, batch and sieve(batch)) for source, batch in batches)  # type: ignore[misc]
        return
    Sieve(settings, None)  # settings that cannot work are refused here, in one line, and not in a process
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (settings, contamination)) as pool:

        def parallel(batches: Batches) -> Results:
            waiting: deque[tuple[int, Future[Sieved] | None]] = deque()
            for source, batch in batches:
                waiting.append((source, pool.submit(_sieve_here, batch) if batch is not None else None))
                while sum(future is not None for _, future in waiting) > workers + 1:
                    yield _finished(*waiting.popleft())
            while waiting:
                yield _finished(*waiting.popleft())

        yield parallel


def _finished(source: int, future: Future[Sieved] | None) -> tuple[int, Sieved | None]:
    return source, None if future is None else future.result()


_here: list[Sieve] = []  # a worker's own


def _begin(settings: Settings, contamination: Rule | None) -> None:
    os.environ["MINIRL_THREADS"] = "1"
    _here[:] = [Sieve(settings, contamination)]


def _sieve_here(batch: list[Raw]) -> Sieved:
    return _here[0](batch)
