"""Parquet, the format of datasets on Hugging Face: read row group by row group, where pyarrow is installed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from minirl.corpus.mending.pieces import WIKITEXT
from minirl.corpus.raw import Raw, ReadError

ROWS = 256  # read at once


def read_parquet(path: Path, fields: Sequence[str]) -> Iterator[Raw]:
    """A document for each row; where each row is one line, as in WikiText, a document for each title.

    Raises ReadError without pyarrow, and for a file that has none of the columns.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ReadError(f"{path} needs the package pyarrow: pip install pyarrow") from None
    try:
        file = parquet.ParquetFile(path)
        columns = [field for field in fields if field in file.schema_arrow.names]
        if not columns:
            raise ReadError(
                f"{path} has the columns {', '.join(file.schema_arrow.names)}, and not {' or '.join(fields)}; name the "
                "columns that hold text with --fields"
            )
        rows = texts(file, columns)
        first = list(islice(rows, ROWS))
        numbered = enumerate(chain(first, rows), start=1)
        if any(first) and all(not text or text.find("\n") == len(text) - 1 for text in first):
            yield from joined(path, numbered)
        else:
            yield from (Raw(f"{path}, row {number}", text) for number, text in numbered)
    except (pyarrow.ArrowException, OSError, TypeError) as error:
        raise ReadError(f"{path} cannot be read: {error}") from error


def texts(file: Any, columns: Sequence[str]) -> Iterator[str]:
    """The text of each row."""
    for batch in file.iter_batches(ROWS, columns=columns):
        for row in batch.to_pylist():
            yield "\n\n".join(row[field] for field in columns if row[field])


def joined(path: Path, lines: Iterable[tuple[int, str]]) -> Iterator[Raw]:
    """Rows that are the lines of a text, put together: a new document begins at a title " = Title = "."""
    held: list[str] = []
    start = 1
    for number, line in lines:
        if held and WIKITEXT.match(line):
            yield Raw(f"{path}, rows from {start}", "".join(held))
            held, start = [], number
        held.append(line or "\n")
    if held:
        yield Raw(f"{path}, rows from {start}", "".join(held))
