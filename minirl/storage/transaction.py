"""Replacing several files of a folder at once, so that a crash leaves all the old ones or all the new ones.

One rename is atomic, a set of them is not. So the new files are first written into `.new/` inside the folder. Renaming
that to `.committed/` is the one moment when everything changes: before it the folder holds the old set, after it
`.committed/` holds the new set, whole. What remains, moving its files up and removing the obsolete ones, may be
interrupted anywhere and done again: `recover` does it, and whoever reads the folder calls `recover` first.
"""

import fnmatch
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from minirl.storage.checksums import DamagedError, parse_json
from minirl.storage.files import sync_files, sync_folder

NEW, COMMITTED, OBSOLETE = ".new", ".committed", "obsolete.json"


@contextmanager
def replacing_files(folder: str | PathLike[str], obsolete: Sequence[str] = ()) -> Iterator[Path]:
    """Give an empty folder to write the new files into; on success they move into `folder`, together.

    obsolete: patterns such as "model*.safetensors"; files of the old set that match and have no successor are removed.
    After an error in the with block `folder` is as it was.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    recover(folder)
    new = folder / NEW
    shutil.rmtree(new, ignore_errors=True)  # what a killed process left behind
    new.mkdir()
    try:
        yield new
        written = [file.name for file in new.iterdir()]
        old = [file.name for file in folder.iterdir() if file.is_file() and file.name not in written]
        gone = [name for name in old if any(fnmatch.fnmatch(name, pattern) for pattern in obsolete)]
        (new / OBSOLETE).write_text(json.dumps(gone), encoding="utf-8")
        sync_files(new)
        os.rename(new, folder / COMMITTED)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    sync_folder(folder)
    recover(folder)


def obsolete_names(plan: Path) -> list[str]:
    """The names of the files to remove. Raises DamagedError for a damaged plan: it must never name a file elsewhere."""
    names = parse_json(plan.read_bytes(), plan)
    if not isinstance(names, list) or not all(isinstance(name, str) and is_plain(name) for name in names):
        raise DamagedError(f"{plan} is damaged: it holds no list of file names; restore the folder from a copy")
    return names


def recover(folder: str | PathLike[str]) -> None:
    """Finish a replacement that was interrupted after its commit; do nothing where there was none."""
    folder = Path(folder)
    committed = folder / COMMITTED
    if not committed.is_dir():
        return
    plan = committed / OBSOLETE  # removed last, so without it all is done
    if plan.exists():
        gone = obsolete_names(plan)
        for file in committed.iterdir():
            if file.name != OBSOLETE:
                os.replace(file, folder / file.name)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        sync_folder(folder)
        plan.unlink()
    committed.rmdir()


def is_plain(name: str) -> bool:
    """Whether a name is that of a file in the folder itself, and leads nowhere else."""
    return name not in ("", ".", "..") and not {"/", "\\", "\0"} & set(name)
