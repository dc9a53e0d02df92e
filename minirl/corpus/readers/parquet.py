"""Parquet, the format of datasets on Hugging Face: read row group by row group, where pyarrow is installed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from minirl.corpus.raw import Raw, ReadError

ROWS = 256  # read at once


def read_parquet(path: Path, fields: Sequence[str]) -> Iterator[Raw]:
    """A document for each row. Raises ReadError without pyarrow, and for a file that has none of the columns."""
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
        number = 0
        for batch in file.iter_batches(ROWS, columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield Raw(f"{path}, row {number}", "\n\n".join(row[field] for field in columns if row[field]))
    except (pyarrow.ArrowException, OSError, TypeError) as error:
        raise ReadError(f"{path} cannot be read: {error}") from error
