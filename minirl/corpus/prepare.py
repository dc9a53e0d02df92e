"""`python -m minirl.data prepare`: the flags, what is shown meanwhile, and --explain."""

import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import tyro

from minirl.corpus import write as corpus
from minirl.corpus.forms import FORMS
from minirl.corpus.mending import STEPS, mend
from minirl.corpus.mending.pieces import pieces
from minirl.corpus.page import Page
from minirl.corpus.raw import ReadError
from minirl.corpus.readers import find
from minirl.corpus.report import tables
from minirl.corpus.rules import NAMES, rules, verdict
from minirl.corpus.rules.contamination import Contamination, all_tests
from minirl.corpus.settings import Settings
from minirl.corpus.sieve import Counts
from minirl.corpus.signature import chosen, digest
from minirl.corpus.work import Workshop
from minirl.data.shards import MANIFEST
from minirl.kernels.threads import available_cores
from minirl.runs import Screen
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.pretokenize import resolve

SECONDS = 10.0  # between two lines of progress


@dataclass(frozen=True)
class Arguments(Settings):
    """Read documents, clean them, remove duplicates and test problems, and write a corpus of tokens to train on. Reads
    .txt, .md, .jsonl, .json, .html, .cnxml, .parquet, Wikipedia's dumps, each also as .gz, .bz2 or .zst, and .tar
    archives. The command, given again, resumes a corpus that was interrupted."""

    sources: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Files, and folders of files."""
    out: Path | None = None
    """Folder of the corpus."""
    workers: int = 0
    """Processes that clean documents; 0: as many as there are processors."""
    tokenizer: Path | None = None
    """A tokenizer.json to use, instead of training one."""
    keep_text: bool = False
    """Keep the cleaned documents, as OUT/text/*.jsonl."""
    explain: str | None = None
    """Say what each step and rule would do to this text, and do no more. "-" reads it from standard input."""


def prepare(arguments: Arguments, screen: Screen) -> None:
    """Make a corpus, or explain what would happen to a text.

    Raises ValueError, OSError and their kinds, with messages that say what to do.
    """
    check(arguments)
    settings = Settings(**{f.name: getattr(arguments, f.name) for f in fields(Settings)})
    if arguments.explain is not None:
        screen.say(explanation(arguments.explain, settings))
        return
    if not arguments.sources or arguments.out is None:
        raise ValueError(
            "name the sources and the folder of the corpus: python -m minirl.data prepare SOURCE --out CORPUS"
        )
    out = arguments.out
    if (out / MANIFEST).exists():
        raise ValueError(f"{out} holds a corpus already; choose another --out, or remove that folder")
    tokenizer = None if arguments.tokenizer is None else Tokenizer.load(arguments.tokenizer)
    paths, others = find(arguments.sources)
    paths = [path for path in paths if out.resolve() not in path.resolve().parents]  # its own unfinished work
    if others:
        screen.say(f"passed over {len(others)} files that no reader knows, such as {others[0]}")
    workshop = Workshop(out / "work", paths, settings)
    if workshop.parts:
        screen.say(f"resuming: {workshop.counts.read:,} documents are done")
    contamination = None if "contamination" in settings.without else all_tests()
    missing = contamination.missing if contamination else []
    if missing:
        screen.say(f"test problems of {', '.join(missing)} are not looked for: python -m minirl.data fetch brings them")
    began = said = time.perf_counter()
    before = workshop.counts.characters

    def progress(counts: Counts) -> None:
        nonlocal said
        now = time.perf_counter()
        if now - said > SECONDS:
            said = now
            rate = (counts.characters - before) / 1e6 / (now - began)
            screen.say(f"{counts.read:,} documents, {counts.kept:,} of {counts.pieces:,} pieces kept, {rate:.1f} MB/s")

    try:
        workshop.run(contamination, arguments.workers or available_cores(), progress)
        manifest = corpus.write(workshop, out, tokenizer, missing)
        corpus.clear(workshop, out, arguments.keep_text)
    except ReadError as error:
        raise ReadError(f"{error}. Mend or remove it, or count such files and go on: --errors skip") from None
    except OSError as error:
        raise OSError(
            f"{error}. What was done is kept: when there is room, the same command goes on from there"
        ) from error
    seconds = time.perf_counter() - began
    for header, rows in tables(manifest):
        screen.table("", header, rows)
    read = (workshop.counts.characters - before) / 1e6
    screen.say(f"{read:.1f} MB of text in {seconds:.1f} s, {read / seconds:.1f} MB/s. The report, with samples:")
    screen.command(str(out / corpus.REPORT))
    if not manifest["splits"]["valid"]["documents"]:
        screen.say(
            f"No document was chosen for validation, which training needs: give more text, or a larger share than "
            f"--validation {arguments.validation:g}."
        )
        return
    screen.say("Train on it:")
    screen.command(f"python -m minirl.train --corpus {out} --preset base-5m --plan")


def check(arguments: Arguments) -> None:
    """Raises ValueError for a setting that cannot work."""
    known = {*STEPS, *NAMES}
    if unknown := [name for name in arguments.without if name not in known]:
        raise ValueError(
            f"--without {unknown[0]}: there is no such step or rule; there are {', '.join((*STEPS, *NAMES))}"
        )
    rules(arguments.language, None)
    try:
        resolve(arguments.pattern)
    except ValueError as error:
        raise ValueError(f"--pattern: {error}") from None
    if not 0 <= arguments.validation < 1:
        raise ValueError(f"--validation is {arguments.validation}; give a share from 0 up to, but not including, 1")
    if arguments.workers < 0:
        raise ValueError(f"--workers is {arguments.workers}; give 1 or more, or 0 for as many as there are processors")
    if arguments.vocab_size < 300:
        raise ValueError(f"--vocab-size is {arguments.vocab_size}; give 300 or more")


def explanation(text: str, settings: Settings, contamination: Contamination | None = None) -> str:
    """What each step and rule does to a text, in lines."""
    without = frozenset(settings.without)
    if contamination is None and "contamination" not in without:
        contamination = all_tests()
    asked = rules(settings.language, contamination, without)
    mended, changed = mend(FORMS["text"](text), without)
    lines = [f"mended: {', '.join(changed) or 'nothing'}"]
    cut = pieces(mended)
    if not cut:
        lines.append("nothing is left of it")
    for number, piece in enumerate(cut, start=1):
        if len(cut) > 1:
            lines.append(f"piece {number} of {len(cut)}:")
        page = Page(piece)
        for name, rule in asked.items():
            lines.append(f"  {name:<15} {rule(page) or 'keeps it'}")
        if verdict(page, asked) is None:
            held_out = chosen(digest(piece), settings.validation)
            lines.append(f"kept, for {'validation' if held_out else 'training'}, unless it repeats an earlier document")
        else:
            lines.append(f"removed by {verdict(page, asked)[0]}")  # type: ignore[index]
    return "\n".join(lines)
