"""The folder of an index: arrays in safetensors, what they mean in JSON, all replaced together or not at all.

index.safetensors   the arrays (builder.py), with a checksum
index.json          settings, the documents with their checksums, the checksum of the arrays
SHA256SUMS          for `sha256sum -c`
"""

import json
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from minirl.model.json_file import CheckpointError
from minirl.model.tensor_file import CHECKSUM, TensorFile, write_tensors
from minirl.retrieval.builder import DTYPES, Arrays
from minirl.retrieval.settings import Settings
from minirl.storage import strict_json
from minirl.storage.checksums import DamagedError, check_sums, digest, write_sums
from minirl.storage.shape import ShapeError, checked
from minirl.storage.transaction import recover, replacing_files

DESCRIPTION, TENSORS = "index.json", "index.safetensors"
FORMAT, VERSION = "minirl.retrieval", 1
ENDS = {"starts": "passages", "term_starts": "term_bytes", "text_starts": "text_bytes"}  # where -> in what


@dataclass(frozen=True)
class Document:
    """A document of an index: its name, the SHA-256 of its bytes, and how many passages it has."""

    name: str
    sha256: str
    passages: int


@dataclass(frozen=True)
class Description:
    """What an index was made from: settings, the folders and files that were named, the documents in their order."""

    settings: Settings
    places: tuple[str, ...]
    documents: tuple[Document, ...]


class _Document(TypedDict):
    name: str
    sha256: str
    passages: int


class _Settings(TypedDict):
    stemmer: str
    stop_words: bool
    most_words: int
    fields: list[str]
    k1: float
    b: float


class _Contents(TypedDict):
    format: str
    version: int
    settings: _Settings
    places: list[str]
    documents: list[_Document]
    crc32: str


def write(folder: str | PathLike[str], arrays: Arrays, description: Description) -> None:
    """Write an index, in the place of one that is there. After an error the old one is there still."""
    with replacing_files(folder) as new:
        write_tensors(new / TENSORS, {name: arrays[name] for name in DTYPES})
        contents = {
            "format": FORMAT, "version": VERSION, "crc32": TensorFile(new / TENSORS).metadata[CHECKSUM],
            **asdict(description),
        }  # fmt: skip
        text = json.dumps(contents, indent=1, ensure_ascii=True)
        (new / DESCRIPTION).write_text(text + "\n", encoding="utf-8", newline="\n")
        write_sums(new, {name: digest(new / name) for name in (DESCRIPTION, TENSORS)})


def read(folder: str | PathLike[str]) -> tuple[Arrays, Description]:
    """The arrays of an index, memory-mapped, and its description.

    Raises FileNotFoundError where there is no index, and DamagedError for files that are not as they were written.
    """
    folder = Path(folder)
    recover(folder)
    if not (folder / DESCRIPTION).is_file():
        raise FileNotFoundError(f"there is no index in {folder}; `{command((), folder)}` makes one")
    places: tuple[str, ...] = ()
    try:
        contents = read_description(folder)
        places = tuple(contents["places"])
        check_sums(folder, [DESCRIPTION])
        file = TensorFile(folder / TENSORS)
        if file.metadata.get(CHECKSUM) != contents["crc32"]:
            raise DamagedError(f"{file.path} does not belong to {DESCRIPTION}: its checksum is another one")
        description = described(contents)
        arrays = read_arrays(file, sum(document.passages for document in description.documents))
    except FileNotFoundError as error:
        raise DamagedError(f"{error.filename} is missing; {again(places, folder)}") from None
    except (DamagedError, CheckpointError) as error:
        raise DamagedError(f"{error}; {again(places, folder)}") from None
    return arrays, description


def read_description(folder: Path) -> _Contents:
    """What index.json holds. Raises DamagedError for anything but the description of an index of this version."""
    path = folder / DESCRIPTION
    try:
        value: Any = strict_json.parse(path.read_bytes())
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: it is no valid JSON ({error})") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ForeignError(f"{path} is no description of a search index; choose another folder")
    if value.get("version") != VERSION:
        raise DamagedError(f"{path} has version {strict_json.brief(value.get('version'))}; this minirl reads {VERSION}")
    try:
        contents: _Contents = checked(_Contents, value)
    except ShapeError as error:
        raise DamagedError(f"{path} is damaged: {error}") from None
    return contents


class ForeignError(ValueError):
    """A folder with an index.json that is another program's."""


def described(contents: _Contents) -> Description:
    """The description in the contents of index.json."""
    try:
        settings = Settings(**contents["settings"])  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise DamagedError(f"{DESCRIPTION} is damaged: {error}") from None
    documents = tuple(Document(**document) for document in contents["documents"])
    if any(document.passages < 0 for document in documents):
        raise DamagedError(f"{DESCRIPTION} is damaged: a document has fewer than 0 passages")
    return Description(settings, tuple(contents["places"]), documents)


def read_arrays(file: TensorFile, passages: int) -> Arrays:
    """The arrays, memory-mapped. Raises DamagedError where one is missing, or where they do not fit together."""
    if missing := DTYPES.keys() - file.shapes().keys():
        raise DamagedError(f"{file.path} has no {', '.join(sorted(missing))}")
    arrays = {name: file.mapped(name) for name in DTYPES}
    for name, x in arrays.items():
        if x.dtype != DTYPES[name] or x.ndim != 1:
            raise DamagedError(f"{file.path}: {name} is {x.dtype}{list(x.shape)}; expected {np.dtype(DTYPES[name])}[n]")
    n = {name: len(x) for name, x in arrays.items()}
    fits = n["starts"] == n["term_starts"] > 0 and n["passages"] == n["counts"] == n["weights"]
    fits = fits and n["lines"] == n["lengths"] == n["documents"] == n["text_starts"] - 1 == passages
    for where, what in ENDS.items():
        starts = arrays[where]
        fits = fits and bool(starts[0] == 0 and starts[-1] == n[what] and np.all(starts[1:] >= starts[:-1]))
    if not fits or (n["passages"] and not 0 <= arrays["passages"].min() <= arrays["passages"].max() < passages):
        raise DamagedError(f"{file.path} has arrays that do not fit together")
    return arrays


def command(places: tuple[str, ...], folder: Path) -> str:
    """The command that makes an index."""
    return f"python -m minirl.retrieval index {' '.join(places) or 'FOLDER'} --out {folder}"


def again(places: tuple[str, ...], folder: Path) -> str:
    """What to do about a damaged index."""
    return f"make the index again: `{command(places, folder)}`"
