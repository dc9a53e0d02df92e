"""Documents: the .txt, .md and .jsonl files that an index is made from, and the passages in each.

A line of a .jsonl file is an object of which some fields are text: {"title": "Sound", "text": "Sound is a wave ..."}.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from minirl.retrieval.passages import Passage, split_text
from minirl.storage import strict_json
from minirl.storage.files import naming
from minirl.storage.strict_json import brief

SUFFIXES = (".txt", ".md", ".jsonl")


def find_documents(places: Sequence[str | os.PathLike[str]]) -> dict[str, Path]:
    """Name -> path of the documents in these folders, and of these files, in the order of their names.

    A name is the path as it was given, with "/": what the user can open. Names that begin with a dot are passed over.
    Raises FileNotFoundError for a place that is not there, ValueError where a file is of another kind or where there
    are no documents at all.
    """
    found: dict[str, Path] = {}
    for place in map(Path, places):
        if place.is_dir():
            paths = [path for path in _walk(place) if path.suffix.lower() in SUFFIXES]
        elif not place.exists():
            raise FileNotFoundError(
                f"there is no {place}; give a folder with {', '.join(SUFFIXES)} files, or such a file"
            )
        elif place.suffix.lower() not in SUFFIXES:
            raise ValueError(f"{place} is no {', '.join(SUFFIXES)} file; convert it to text first")
        else:
            paths = [place]
        found |= {PurePath(path).as_posix(): path for path in paths}
    if not found:
        raise ValueError(f"there is no {', '.join(SUFFIXES)} file in {', '.join(str(place) for place in places)}")
    return dict(sorted(found.items()))


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for inner, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(inner, name) for name in names if not name.startswith("."))


def read_passages(path: Path, most_words: int, fields: Sequence[str]) -> Iterator[Passage]:
    """The passages of a file, one at a time: a file may be larger than memory, a line may not.

    most_words: of a passage. fields: of an object in a .jsonl file that are its text, in this order.

    Raises ValueError, naming the file and the line, for text that is not UTF-8 and for a line of a .jsonl file that is
    no object or has none of the fields.
    """
    if path.suffix.lower() != ".jsonl":
        yield from split_text(_lines(path), most_words)
        return
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            text = _text(line, fields, f"{path}, line {number}")
            for passage in split_text(text.splitlines(keepends=True), most_words):
                yield Passage(passage.text, number)


def _lines(path: Path) -> Iterator[str]:
    with naming(path), open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").replace("\r\n", "\n")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{path}, line {number}: byte {line[error.start]:#04x} is not UTF-8; convert the file to UTF-8"
                ) from None


def _text(line: str, fields: Sequence[str], place: str) -> str:
    try:
        value = strict_json.parse(line.encode("utf-8"))
    except ValueError as error:
        raise ValueError(f"{place}: {error}; expected a JSON object") from None
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {brief(value)}; expected a JSON object")
    texts = [value[field] for field in fields if field in value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(
            f"{place} has the fields {brief(list(value))}, and no text in {' or '.join(fields)}; name the fields that "
            "hold text with --fields"
        )
    return "\n".join(text for text in texts if text)
