"""Files to raw documents. `READERS` has a reader for each ending of a file's name; `read` chooses."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from minirl.corpus.raw import Raw
from minirl.corpus.readers.json_files import read_lines, read_list
from minirl.corpus.readers.markup_files import read_archive, read_page
from minirl.corpus.readers.parquet import read_parquet
from minirl.corpus.readers.plain import read_text
from minirl.corpus.readers.streams import inner_name
from minirl.corpus.readers.wikipedia import read_dump

Reader = Callable[[Path, Sequence[str]], Iterator[Raw]]

READERS: dict[str, Reader] = {
    ".txt": lambda path, fields: read_text(path),
    ".md": lambda path, fields: read_text(path),
    ".jsonl": read_lines,
    ".json": read_list,
    ".html": lambda path, fields: read_page(path, "html"),
    ".htm": lambda path, fields: read_page(path, "html"),
    ".cnxml": lambda path, fields: read_page(path, "cnxml"),
    ".xml": lambda path, fields: read_dump(path),
    ".parquet": read_parquet,
    ".tar": lambda path, fields: read_archive(path),
    ".tgz": lambda path, fields: read_archive(path),
}


def reader_of(path: Path) -> Reader | None:
    """The reader for a file, by its name; None where there is none. A dump's name may go on after .xml, as in
    "pages-articles1.xml-p10p30302.bz2"."""
    name = inner_name(path).lower()
    found = READERS.get(Path(name).suffix)
    return found or (READERS[".xml"] if ".xml-p" in name else None)


def read(path: Path, fields: Sequence[str] = ("text",)) -> Iterator[Raw]:
    """The raw documents of a file, one after the other. fields: of a JSON object, or columns, that hold text.

    Raises ReadError, naming the file, for one that cannot be read; ValueError for a name that no reader knows.
    """
    reader = reader_of(path)
    if reader is None:
        raise ValueError(f"{path}: there is no reader for such files; there are some for {', '.join(READERS)}")
    return reader(path, fields)


def find(places: Sequence[str | os.PathLike[str]]) -> tuple[list[Path], list[Path]]:
    """The files of these folders that have a reader, and these files; and the files that have none.

    In the order of the places, within a folder by name. Names that begin with a dot are passed over. Raises
    FileNotFoundError for a place that is not there, ValueError for a file named itself that has no reader, and where
    there is nothing to read.
    """
    found: dict[Path, None] = {}
    others: list[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            for path in walk(place):
                if reader_of(path) is None:
                    others.append(path)
                else:
                    found[path] = None
        elif not place.exists():
            raise FileNotFoundError(f"there is no {place}; give files, or folders of files")
        elif reader_of(place) is None:
            raise ValueError(f"{place}: there is no reader for such files; there are some for {', '.join(READERS)}")
        else:
            found[place] = None
    if not found:
        raise ValueError(f"there is nothing to read in {', '.join(map(str, places))}: no {', '.join(READERS)}")
    return list(found), others


def walk(folder: Path) -> Iterator[Path]:
    """The files of a folder and its folders, by name. Raises OSError for a folder that cannot be listed."""

    def fail(error: OSError) -> None:
        raise error

    for inner, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(inner, name) for name in sorted(names) if not name.startswith("."))
