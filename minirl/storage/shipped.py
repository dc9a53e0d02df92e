"""Files that ship with minirl although they lie outside the package: the folders `csrc/`, `data/`, `docs/` and
`lessons/`.

In a checkout they stand beside the package, where a reader finds them and edits them. A build (setup.py) copies them
into `minirl/_shipped/`, so an installed package has them too. `shipped` hides the difference:

    >>> from minirl.storage import shipped
    >>> shipped("data/science/questions.jsonl").name
    'questions.jsonl'

"""

from pathlib import Path, PurePosixPath

FOLDERS = ("csrc", "data", "docs", "lessons")
PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """The file or folder `name`, a path such as "data/science/questions.jsonl", wherever this minirl keeps it.

    In a checkout (and so in an editable install) it is the checkout's own file, never a copy that a build left behind.

    Raises ValueError for a name outside these folders, FileNotFoundError for a file that is missing.
    """
    parts = PurePosixPath(name).parts
    if not parts or parts[0] not in FOLDERS or ".." in parts:
        folders = f"{', '.join(FOLDERS[:-1])} or {FOLDERS[-1]}"
        raise ValueError(f"{name!r} is not a shipped file: give a path that begins with {folders}")
    root = PACKAGE.parent if in_checkout() else PACKAGE / "_shipped"
    path = root.joinpath(*parts)
    if not path.exists():
        remedy = f"`git checkout -- {name}` brings it back" if in_checkout() else "install minirl again"
        raise FileNotFoundError(f"{name} ships with minirl, but {path} is missing: {remedy}")
    return path


def in_checkout() -> bool:
    """Whether this package is a source tree. The C header tells: site-packages may hold somebody's folder `data`."""
    return (PACKAGE.parent / "csrc" / "minirl.h").is_file()
