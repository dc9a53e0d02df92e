"""Indexing and searching against bm25s, with memory: python -m minirl.bench retrieval

Both get the same passages and the same queries, neither stems nor leaves words out, and both work on one thread. First
the scores are compared: given the same words, bm25s must find the same. Then the contenders take turns, and their
median times are compared. An index is made from texts, so that cutting them into words counts. A query is one question
at a time, from its text to the numbers and scores of the best ten. Memory is the growth of the peak of a fresh process.

The passages are the paragraphs of --files: text in a language with spaces. Without it they are those of the .txt files
in MINIRL_DATA_DIR or, where there are none, of the Python files of the standard library. A query is ten words of a
passage, in a random order. Where numba is installed too, bm25s is also timed with it.
"""

import gc
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from minirl import flags
from minirl.bench.progress import Progress
from minirl.bench.report import three_digits
from minirl.bench.runner import OptionError
from minirl.bench.tokenizer import Row, installed, read_code, read_prose, take_turns
from minirl.retrieval import Index, Settings, build_index
from minirl.retrieval.passages import split_text
from minirl.retrieval.words import split

PLAIN = Settings(stemmer="none")
FOUND = 10  # passages that a query asks for
QUERY_WORDS = 10
SHORTEST = 20  # words of a passage


@dataclass(frozen=True)
class Options:
    """Time the index against bm25s."""

    passages: int = 10_000
    """How many passages are indexed."""
    queries: int = 300
    """How many queries are asked."""
    repeats: int = 5
    """How often each is timed; the median counts."""
    files: tuple[Path, ...] = ()
    """UTF-8 text files to take the passages from."""


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints two tables. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench retrieval", __doc__)
    texts = collect(options)
    rng = random.Random(0)
    usable = [words for text in rng.sample(texts, min(options.queries, len(texts))) if (words := split(text))]
    queries = [" ".join(rng.sample(words, min(QUERY_WORDS, len(words)))) for words in usable]
    length = sum(len(text.split()) for text in texts) / len(texts)
    console, progress = Console(), Progress()
    console.print(f"{len(texts):,} passages, {length:.0f} words each; {len(queries):,} queries")
    ours = Index.from_texts(texts, PLAIN)
    theirs = bm25s_index(texts, PLAIN.words) if installed("bm25s") else None
    if theirs is not None:
        console.print(f"largest relative difference of scores from bm25s: {difference(ours, theirs, queries):.1e}")
    indexing, asking = rows(texts, queries, ours)
    take_turns(indexing, options.repeats, progress)
    take_turns(asking, options.repeats, progress)
    console.print(table("indexing, s", indexing, 1))
    console.print(table("one query, ms", asking, 1e3 / len(queries)))
    if not progress.interrupted:
        print_memory(console, texts, queries)
    return progress.status


def collect(options: Options) -> list[str]:
    """The passages. Raises OptionError where there are too few."""
    characters = options.passages * 2000
    if options.files:
        sources = [path.read_text(encoding="utf-8") for path in options.files]
    else:
        sources = [read_prose(characters)] if read_prose(1) else read_code(characters)
    texts = [
        passage.text
        for source in sources
        for passage in split_text(source.splitlines(keepends=True))
        if len(passage.text.split()) >= SHORTEST
    ]
    if len(texts) < options.passages:
        raise OptionError(f"--passages is {options.passages:,}, and the text has {len(texts):,}; give more --files")
    return random.Random(0).sample(texts, options.passages)


# ---- contenders ----


def bm25s_index(texts: list[str], words: Callable[[str], list[str]], backend: str = "numpy") -> Any:
    """bm25s's index of texts that are cut by us."""
    import bm25s

    found = bm25s.BM25(method="lucene", k1=PLAIN.k1, b=PLAIN.b, backend=backend)
    found.index([words(text) for text in texts], show_progress=False)
    return found


def index_by_bm25s(texts: list[str], backend: str = "numpy") -> Any:
    """bm25s's index of texts that it cuts itself, into words of one letter or more."""
    import bm25s

    found = bm25s.BM25(method="lucene", k1=PLAIN.k1, b=PLAIN.b, backend=backend)
    tokens = bm25s.tokenize(texts, stopwords=None, token_pattern=r"(?u)\b\w+\b", show_progress=False)
    found.index(tokens, show_progress=False)
    return found


def ask_bm25s(index: Any, query: str) -> Any:
    """The best passages for a query, from its text."""
    import bm25s

    tokens = bm25s.tokenize(query, stopwords=None, token_pattern=r"(?u)\b\w+\b", show_progress=False, return_ids=False)
    return index.retrieve(tokens, k=FOUND, show_progress=False)


def difference(ours: Index, theirs: Any, queries: list[str]) -> float:
    """The largest difference between our scores and those of bm25s, relative to the highest score of the query."""
    worst = 0.0
    for query in queries:
        wanted = theirs.get_scores(PLAIN.words(query))
        worst = max(worst, float(np.max(np.abs(ours.scores(query) - wanted)) / np.max(wanted)))
    return worst


def rows(texts: list[str], queries: list[str], ours: Index) -> tuple[list[Row], list[Row]]:
    """What is timed: making an index, and asking all queries."""

    def asking(ask: Callable[[str], Any]) -> Callable[[], None]:
        def all_queries() -> None:
            for query in queries:
                ask(query)

        return all_queries

    size = sum(map(len, texts))
    indexing = [Row("minirl", lambda: Index.from_texts(texts, PLAIN), size)]
    with_porter = Index.from_texts(texts)
    searching = [
        Row("minirl", asking(lambda query: ours.rank(query, FOUND)), size),
        Row("minirl, texts of the hits too", asking(lambda query: ours.search(query, FOUND)), size),
        Row("minirl, with Porter's stemmer", asking(lambda query: with_porter.rank(query, FOUND)), size),
    ]
    indexing.append(Row("minirl, with Porter's stemmer", lambda: Index.from_texts(texts), size))
    if not installed("bm25s"):
        return indexing, searching
    indexing.append(Row("bm25s", lambda: index_by_bm25s(texts), size))
    theirs, cut = index_by_bm25s(texts), [split(query) for query in queries]

    def ask_for_words() -> None:
        for words in cut:
            theirs.retrieve([words], k=FOUND, show_progress=False)

    searching.append(Row("bm25s", asking(lambda query: ask_bm25s(theirs, query)), size))
    searching.append(Row("bm25s, query given as words", ask_for_words, size))
    if installed("numba"):
        compiled = index_by_bm25s(texts, "numba")
        ask_bm25s(compiled, queries[0])  # here numba compiles
        searching.append(Row("bm25s with numba", asking(lambda query: ask_bm25s(compiled, query)), size))
    return indexing, searching


def table(title: str, timed: list[Row], scale: float) -> Table:
    """Median times, and their ratios to ours."""
    found = Table()
    for name in ("", title, "x of minirl's"):
        found.add_column(name, justify="left" if not name else "right")
    for row in timed:
        seconds = median(row.seconds)
        found.add_row(row.name, three_digits(seconds * scale), three_digits(seconds / median(timed[0].seconds)))
    return found


# ---- memory ----

_MEMORY = """
import sys
from pathlib import Path
from minirl.bench import retrieval as bench
folder = Path(sys.argv[1])
def status(field):
    line = next(line for line in open("/proc/self/status") if line.startswith(field))
    return int(line.split()[1])
prepared = bench.PREPARE[sys.argv[2]](folder)
Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is held now
before = status("VmRSS")
kept = bench.MEASURED[sys.argv[2]](folder, prepared)
print(status("VmHWM") - before)
"""


def _texts(folder: Path) -> list[str]:
    return (folder / "texts.txt").read_text(encoding="utf-8").split("\x1e")


def _queries(folder: Path) -> list[str]:
    return (folder / "queries.txt").read_text(encoding="utf-8").splitlines()


def _load_bm25s(folder: Path, queries: list[str]) -> Any:
    import bm25s

    index = bm25s.BM25.load(folder / "bm25s", mmap=True)
    return index, [ask_bm25s(index, query) for query in queries]


def _open(folder: Path, queries: list[str]) -> Any:
    index = Index.open(folder / "minirl")
    return index, [index.rank(query, FOUND) for query in queries]


PREPARE: dict[str, Callable[[Path], Any]] = {
    "index, texts in memory: minirl": _texts,
    "index, texts in memory: bm25s": _texts,
    "index a file: minirl": lambda folder: None,
    "open and ask: minirl": _queries,
    "open and ask: bm25s": _queries,
}
MEASURED: dict[str, Callable[[Path, Any], Any]] = {
    "index, texts in memory: minirl": lambda folder, texts: Index.from_texts(texts, PLAIN),
    "index, texts in memory: bm25s": lambda folder, texts: index_by_bm25s(texts),
    "index a file: minirl": lambda folder, _: build_index([folder / "paragraphs.txt"], folder / "made", PLAIN),
    "open and ask: minirl": _open,
    "open and ask: bm25s": _load_bm25s,
}


def print_memory(console: Console, texts: list[str], queries: list[str]) -> None:
    """Print by how much each raises the peak of a process, where the system tells (Linux)."""
    if sys.platform != "linux" or not installed("bm25s"):
        return
    found = Table()
    found.add_column("")
    found.add_column("peak memory", justify="right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.txt").write_text("\x1e".join(texts), encoding="utf-8")
        paragraphs = "\n\n".join("\n".join(line for line in text.splitlines() if line.strip()) for text in texts)
        (folder / "paragraphs.txt").write_text(paragraphs, encoding="utf-8")
        (folder / "queries.txt").write_text("\n".join(queries), encoding="utf-8")
        build_index([folder / "paragraphs.txt"], folder / "minirl", PLAIN)
        index_by_bm25s(texts).save(folder / "bm25s")
        gc.collect()
        for what in MEASURED:
            command = [sys.executable, "-c", _MEMORY, str(folder), what]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found.add_row(what, f"+{int(output) / 1e3:.0f} MB")
    console.print(found)
