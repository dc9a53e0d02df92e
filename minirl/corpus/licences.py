"""Under which licence is a source? A file LICENSE, LICENCE or COPYING beside it says so, or in the folder around
it."""

from pathlib import Path

NAMES = ("LICENSE", "LICENCE", "COPYING")
ENDINGS = ("", ".txt", ".md")
UPWARD = 2  # folders: the source's own, and the one around it


def licence_of(path: Path) -> str:
    """The first line of the nearest licence that is no decoration; empty where there is none."""
    for folder in [path.resolve().parent, *path.resolve().parents][:UPWARD]:
        for name in NAMES:
            for ending in ENDINGS:
                file = folder / f"{name}{ending}"
                if file.is_file():
                    text = file.read_text(encoding="utf-8", errors="replace")[:4000]
                    lines = [line.strip("#*=- \t") for line in text.splitlines()]
                    return next((line[:120] for line in lines if line), "")
    return ""
