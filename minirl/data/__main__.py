"""Prepare text to train on, and download published datasets: python -m minirl.data

    python -m minirl.data prepare FOLDER --out CORPUS   # clean documents of your own, as tokens
    python -m minirl.data prepare --explain "a text"    # what would happen to it
    python -m minirl.data fetch gsm8k svamp             # or all
    python -m minirl.data fetch all --from FOLDER       # files you already have
    python -m minirl.data list

Downloaded files are kept in the folder that MINIRL_DATA_DIR names, or else in the user's cache. Each is verified by its
published SHA-256. Give the same command again to resume an interrupted download.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import tyro
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from minirl import flags
from minirl.console import run_program
from minirl.corpus import prepare
from minirl.data.fetch import FetchError, UnreachableError, fetch, matches
from minirl.data.published import DATASETS, folder
from minirl.data.texts import TEXTS, fetch_text
from minirl.runs import Screen
from minirl.storage.checksums import digest

Names = tyro.conf.Positional[
    tuple[
        Literal[
            "gsm8k", "svamp", "aqua", "strategyqa", "science_qa", "preferences", "all",
            "wikitext-103", "simple-wikipedia", "tinystories", "fineweb-edu", "openstax",
        ],
        ...,
    ]
]  # fmt: skip
Folder = Annotated[Path | None, tyro.conf.arg(name="from", metavar="FOLDER")]


def fetch_datasets(names: Names, source: Folder = None) -> None:
    """Download datasets and verify their SHA-256.

    Args:
        names: The datasets: gsm8k, svamp, aqua, strategyqa, science_qa, preferences, or all of these; and texts to
            pretrain on: wikitext-103, simple-wikipedia, tinystories, fineweb-edu, openstax.
        source: Copy the files from this folder instead of downloading them: FOLDER/gsm8k/train.jsonl or
            FOLDER/train.jsonl.
    """
    if not names:
        raise ValueError(f"name a dataset: {', '.join(DATASETS)}, or all")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
               TimeRemainingColumn())  # fmt: skip
    failed: list[str] = []
    unreachable: set[str] = set()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        for text in [name for name in dict.fromkeys(names) if name in TEXTS]:
            try:
                fetch_files(text, source, bar)
            except FetchError as error:
                failed.append(str(error))
                if isinstance(error, UnreachableError):
                    unreachable.add(text)
        chosen = DATASETS if "all" in names else [name for name in dict.fromkeys(names) if name in DATASETS]
        for dataset in chosen:
            for name, file in DATASETS[dataset].files.items():
                server = urlsplit(file.url).netloc
                if server in unreachable:  # it would only be asked in vain again, and perhaps for long
                    continue
                try:
                    fetch_file(dataset, name, source, bar)
                except FetchError as error:  # the other files may still come
                    failed.append(str(error))
                    if isinstance(error, UnreachableError):
                        unreachable.add(server)
    if failed:
        command = f"python -m minirl.data fetch {' '.join(names)}"
        again = (
            "Go online, or set HTTPS_PROXY=http://HOST:PORT, and give the same command again. " if unreachable else ""
        )
        remedy = (
            f"{again}To bring the files from elsewhere: `python -m minirl.data list` has their addresses, and "
            f"`{command} --from FOLDER` takes them"
        )
        raise FetchError(f"{failed[0]}. {remedy}" if len(failed) == 1 else "\n".join([*failed, remedy]))
    print(f"everything is in {folder()}")


def fetch_files(text: str, source: Path | None, bar: Progress) -> None:
    """Fetch the files of a text to pretrain on, and say their SHA-256. `prepare` reads files from anywhere, so those
    that are in the folder `source` need not be copied."""
    if source is not None:
        raise FetchError(f"{text} is read from where it is: python -m minirl.data prepare {source} --out CORPUS")
    for name, url in TEXTS[text].files.items():
        path = folder() / text / name
        row = bar.add_task(f"{text}/{name}", total=None)
        try:
            new = fetch_text(url, path, lambda done, row=row: bar.update(row, completed=done))  # type: ignore[misc]
        except FetchError:
            bar.remove_task(row)
            raise
        if new:
            bar.console.print(f"{path}: SHA-256 {digest(path)}, which nobody published to compare with", soft_wrap=True)
    bar.console.print(f"next: python -m minirl.data prepare {folder() / text} --out CORPUS", soft_wrap=True)


def fetch_file(dataset: str, name: str, source: Path | None, bar: Progress) -> None:
    """Fetch one file, with a progress bar of its own."""
    file = DATASETS[dataset].files[name]
    copy = None if source is None else find_copy(source, dataset, name)
    row = bar.add_task(f"{dataset}/{name}", total=file.size)
    try:
        fetch(file, folder() / dataset / name, copy, lambda done: bar.update(row, completed=done))
    except FetchError:
        bar.remove_task(row)  # the message says more than a bar that stands still
        raise


def find_copy(source: Path, dataset: str, name: str) -> Path:
    """A dataset's file in the folder `source`. Raises FetchError naming the two places that were tried."""
    places = [source / dataset / name, source / name]
    for place in places:
        if place.is_file():
            return place
    raise FetchError(f"there is no {places[0]} and no {places[1]}; the file is published at "
                     f"{DATASETS[dataset].files[name].url}")  # fmt: skip


def prepare_corpus(arguments: tyro.conf.OmitArgPrefixes[prepare.Arguments]) -> None:
    """Clean documents and write them as a corpus of tokens, for `python -m minirl.train --corpus`."""
    if arguments.explain == "-":
        arguments = replace(arguments, explain=sys.stdin.read())
    prepare.prepare(arguments, Screen())


def list_datasets() -> None:
    """List the datasets with their licences and addresses, and which files are on this machine.

    "altered" is a file with another SHA-256 than the published one: `fetch` replaces it.
    """
    print(f"in {folder()}:")
    for dataset, published in DATASETS.items():
        print(f"\n{dataset}   {published.title}\n    {published.paper}\n    licence: {published.licence}")
        for name, file in published.files.items():
            path = folder() / dataset / name
            here = ("here" if matches(path, file) else "altered") if path.is_file() else "not here"
            print(f"    {here:<9} {name:<12} {file.size:>11,} bytes  {file.url}")
    for text, about in TEXTS.items():
        print(f"\n{text}   {about.title}\n    licence: {about.licence}")
        for name, url in about.files.items():
            print(f"    {'here' if (folder() / text / name).is_file() else 'not here':<9} {name}  {url}")


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    try:
        commands = {"prepare": prepare_corpus, "fetch": fetch_datasets, "list": list_datasets}
        flags.command(commands, argv, "python -m minirl.data", __doc__)()
    except BrokenPipeError:  # the reader has left: run_program ends quietly
        raise
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
