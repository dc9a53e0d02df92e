"""Making an index of folders, and bringing it up to date: only new and changed documents are read again.

    >>> build_index(["docs"], "docs.index")                             # doctest: +SKIP
    Changes(added=21, changed=0, vanished=0, unchanged=0)

The index holds what the named folders hold now. The same call after files were added, edited or removed gives the same
bytes as an index that is made from nothing.
"""

import os
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from minirl.retrieval import folder as index_folder
from minirl.retrieval.builder import Arrays, Builder
from minirl.retrieval.documents import find_documents, read_passages
from minirl.retrieval.folder import Description, Document
from minirl.retrieval.postings import BLOCK, Workspace
from minirl.retrieval.settings import Settings
from minirl.storage.checksums import DamagedError, digest

Progress = Callable[[int, int, int], None]


class Changes(NamedTuple):
    """How many documents an update found in which state."""

    added: int
    changed: int
    vanished: int
    unchanged: int


def build_index(
    places: Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    settings: Settings | None = None,
    progress: Progress | None = None,
    block: int = BLOCK,
) -> Changes:
    """Make the index of these folders and files in the folder `out`, or bring the one that is there up to date.

    An index with other settings, or a damaged one, is made anew. Memory: about 100 bytes for each word of `block`, and
    beside that some for each distinct word and each passage; longer arrays are kept in temporary files.
    progress: called with the documents done, their number, and the passages so far.

    Raises FileNotFoundError or ValueError for a place without documents, ValueError where no document holds a word,
    where one is not as its name says (documents.py), and where `out` holds something else.
    """
    settings = settings or Settings()
    documents = find_documents(places)
    old = _old(Path(out), settings)
    first: dict[str, tuple[Document, int]] = {}  # of the old index: name -> the document and its first passage
    passages = 0
    for document in old[1].documents if old else ():
        first[document.name] = document, passages
        passages += document.passages
    described, unchanged = [], 0
    with Workspace(block) as workspace:
        builder = Builder(settings, workspace, block)
        for number, (name, path) in enumerate(documents.items()):
            before, sha = len(builder), digest(path)
            if old and name in first and first[name][0].sha256 == sha:
                document, start = first[name]
                builder.keep(old[0], start, start + document.passages, number)
                unchanged += 1
            else:
                for passage in read_passages(path, settings.most_words, settings.fields):
                    builder.add(passage.text, number, passage.line)
            described.append(Document(name, sha, len(builder) - before))
            if progress is not None:
                progress(number + 1, len(documents), len(builder))
        arrays = builder.arrays()
        if not len(arrays["passages"]):
            raise ValueError(f"there are no words in the {len(documents)} documents of {', '.join(map(str, places))}")
        index_folder.write(
            out, arrays, Description(settings, tuple(os.fspath(place) for place in places), tuple(described))
        )
    known = sum(name in first for name in documents)
    return Changes(len(documents) - known, known - unchanged, len(first) - known, unchanged)


def _old(out: Path, settings: Settings) -> tuple[Arrays, Description] | None:
    """The index in `out`, where it can be kept up to date. Raises ValueError where `out` holds something else."""
    try:
        arrays, description = index_folder.read(out)
    except DamagedError:
        return None
    except (FileNotFoundError, NotADirectoryError):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ValueError(f"{out} is here already and holds no index; give --out another name") from None
        return None
    return (arrays, description) if description.settings == settings else None
