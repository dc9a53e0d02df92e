"""HTML pages and OpenStax modules (CNXML): a file is a document. And archives of such files: .tar.gz."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from minirl.corpus.raw import Raw, ReadError
from minirl.corpus.readers.decoding import decoded
from minirl.corpus.readers.streams import opened

LARGEST = 1 << 26  # bytes of a page, which is read whole
FORMS = {".html": "html", ".htm": "html", ".xhtml": "html", ".cnxml": "cnxml", ".txt": "text", ".md": "text"}


def read_page(path: Path, form: str) -> Iterator[Raw]:
    """The one document of a page. Raises ReadError for a page over 64 MB."""
    with opened(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ReadError(f"{path} is larger than {LARGEST >> 20} MB, too large for one page")
    yield Raw(str(path), decoded(data), form)


def read_archive(path: Path) -> Iterator[Raw]:
    """The pages and texts of an archive, in the order in which it has them; other members are passed over."""
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                form = FORMS.get(Path(member.name).suffix.lower())
                if form is None or not member.isfile() or member.size > LARGEST:
                    continue
                file = archive.extractfile(member)
                if file is not None:
                    yield Raw(f"{path}, {member.name}", decoded(file.read()), form)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ReadError(f"{path} cannot be read: {error}") from error
