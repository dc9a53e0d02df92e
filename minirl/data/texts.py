"""Published texts to pretrain on: where they are, and how they come here. `python -m minirl.data prepare` reads them.

Unlike the files of published.py these have no checksum that minirl could hold them against: some change (Wikipedia's
dumps), and the archives of others are made when they are asked for. What arrived is as long as the server said. Its
SHA-256 is printed, and stands in the manifest of every corpus that is made of it.
"""

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from minirl.data.fetch import TIMEOUT, FetchError, Progress, UnreachableError, download
from minirl.data.published import File
from minirl.storage.files import sync_folder


class Text(NamedTuple):
    """A text, or several: addresses by the names of the files."""

    title: str
    licence: str
    files: dict[str, str]


_HUGGING_FACE = "https://huggingface.co/datasets"
_OPENSTAX = {
    "astronomy": "63157f370b09c06a4cc12832384aaaf4de1ced3b", "microbiology": "ecf34dad129d686703780e87ab5aa2e59c577a6a",
    "us-history": "046331cfcea0ac1b1a8fd461b3e6aae638845af3", "psychology": "e061043bf2f9e86ace51c4e8dc9555160f60a99d",
}  # fmt: skip  # the last commits under CC BY: later ones forbid commercial use

TEXTS = {
    "wikitext-103": Text(
        "WikiText-103 raw: good and featured articles of Wikipedia (Merity et al. 2016)",
        "CC BY-SA 3.0",
        {
            f"train-{part}.parquet": f"{_HUGGING_FACE}/Salesforce/wikitext/resolve/main/wikitext-103-raw-v1/"
            f"train-0000{part}-of-00002.parquet"
            for part in range(2)
        },
    ),
    "simple-wikipedia": Text(
        "Simple English Wikipedia, the newest dump",
        "CC BY-SA 4.0",
        {
            "pages-articles.xml.bz2": "https://dumps.wikimedia.org/simplewiki/latest/"
            "simplewiki-latest-pages-articles.xml.bz2"
        },
    ),
    "tinystories": Text(
        "TinyStories: stories in the words of small children, written by GPT-4 (Eldan and Li 2023)",
        "CDLA-Sharing-1.0",
        {"stories.txt": f"{_HUGGING_FACE}/roneneldan/TinyStories/resolve/main/TinyStoriesV2-GPT4-train.txt"},
    ),
    "fineweb-edu": Text(
        "FineWeb-Edu, a part of the sample of 10 billion tokens: educational pages of the web (Penedo et al. 2024)",
        "ODC-By 1.0",
        {"000.parquet": f"{_HUGGING_FACE}/HuggingFaceFW/fineweb-edu/resolve/main/sample/10BT/000_00000.parquet"},
    ),
    "openstax": Text(
        "OpenStax: four textbooks (astronomy, microbiology, US history, psychology)",
        "CC BY 4.0",
        {
            f"{book}.tar.gz": f"https://github.com/openstax/osbooks-{book}/archive/{commit}.tar.gz"
            for book, commit in _OPENSTAX.items()
        },
    ),
}


def fetch_text(url: str, target: Path, progress: Progress = lambda done: None) -> bool:
    """Download a file, unless it is here. Returns whether it was not. Resumes where an earlier attempt ended.

    Raises FetchError, and UnreachableError where there is no connection.
    """
    if target.is_file():
        progress(target.stat().st_size)
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"{target} cannot be written: {error}") from error
    part = target.with_name(target.name + ".part")
    size = size_of(url)
    if size is None:  # the server does not know how long it will be
        part.unlink(missing_ok=True)
        whole(url, part, progress)
    else:
        download(File(url, size, ""), part, progress)
        if part.stat().st_size != size:
            part.unlink()
            raise FetchError(f"{url} is {size:,} bytes long, but what is here is not; it was not kept. Fetch it again")
    os.replace(part, target)
    sync_folder(target.parent)
    return True


def size_of(url: str) -> int | None:
    """How many bytes the server says that the file has; None where it does not say."""
    request = urllib.request.Request(url, headers={"User-Agent": "minirl"}, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            length = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        raise FetchError(f"{url} cannot be downloaded: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)
        raise UnreachableError(f"{urlsplit(url).netloc} cannot be reached ({why})") from error
    return int(length) if length and length.isdigit() else None


def whole(url: str, part: Path, progress: Progress) -> None:
    """Download all bytes that come."""
    request = urllib.request.Request(url, headers={"User-Agent": "minirl"})
    done = 0
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, open(part, "wb") as file:
            while block := answer.read(1 << 16):
                file.write(block)
                progress(done := done + len(block))
            file.flush()
            os.fsync(file.fileno())
    except (OSError, http.client.HTTPException) as error:
        part.unlink(missing_ok=True)
        raise FetchError(f"{url} cannot be downloaded: {error}") from error
