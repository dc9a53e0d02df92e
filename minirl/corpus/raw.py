"""What a reader yields: a document as it stands in its file."""

from typing import NamedTuple


class Raw(NamedTuple):
    """A raw document. name: the file, and the place in it. form: how `text` is written, a key of `forms.FORMS`."""

    name: str
    text: str
    form: str = "text"


class ReadError(ValueError):
    """A file cannot be read. The message names it, and says why."""
