"""`python -m minirl.bench tokenizer`: training and encoding against tokenizers, tiktoken and rustbpe, in one run.

Everyone gets the same text, vocabulary size and pattern (GPT-4's), and the same unit of work: texts in, lists of ids
out; rows that give int32 arrays instead say so. Contenders take turns and medians are compared, so ratios hold on a
busy machine where absolute times do not. Memory is the growth of the peak of a fresh process that trains once.
Peers that are not installed are left out.

The text is prose from MINIRL_DATA_DIR, where that names a folder, and the Python source of this Python and its
packages: 30 MB of it, half and half when there is enough of both; --files takes any other.
"""

import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from minirl import kernels
from minirl.bench.report import three_digits
from minirl.kernels.threads import default_threads
from minirl.tokenizer import PATTERNS, Tokenizer

PATTERN = PATTERNS["gpt4"]
DOCUMENT = 4_000  # characters of prose in one text; source files are a text each


@dataclass(frozen=True)
class Options:
    """Time the tokenizer against tokenizers, tiktoken and rustbpe."""

    megabytes: float = 30.0
    """Size of the text, in millions of characters."""
    vocab_size: int = 32768
    """Tokens in the vocabulary."""
    threads: int = 0
    """Threads of the rows with threads; 0 is as many as this process may use."""
    repeats: int = 5
    """Samples of each contender, of which the median counts."""
    files: tuple[Path, ...] = ()
    """UTF-8 files to use instead of the usual text."""
    growth: bool = False
    """Also train on a tenth and on twice the text, to see how time grows."""


@dataclass
class Row:
    """One contender: its name, what to time, and the samples so far in seconds."""

    name: str
    call: Callable[[], Any]
    seconds: list[float]


def main(argv: list[str] | None = None) -> None:
    """Run with the flags `argv`; prints two tables."""
    options = tyro.cli(Options, args=argv, prog="python -m minirl.bench tokenizer")
    threads = options.threads or default_threads()
    kernels.set_threads(threads)
    # Rust's rayon reads this once, when tokenizers or rustbpe first use threads
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))
    texts = collect(options.files, int(options.megabytes * 1e6))
    size = sum(len(text.encode()) for text in texts)
    console = Console() if Console().is_terminal else Console(width=120)
    console.print(
        f"{size / 1e6:.1f} MB in {len(texts):,} texts, {options.vocab_size:,} tokens, gpt4, {threads} threads"
    )

    rows = training_rows(texts, options.vocab_size, threads)
    take_turns(rows, min(options.repeats, 3))
    growths = memory(texts, options.vocab_size, [row.name for row in rows])
    console.print(training_table(rows, growths))
    tokenizer = Tokenizer.train(texts, options.vocab_size, pattern=PATTERN, special_tokens=[])
    if options.growth:
        print_growth(console, options)
    check_same_ids(tokenizer, texts)
    rows = encoding_rows(tokenizer, texts, threads)
    take_turns(rows, options.repeats)
    console.print(encoding_table(rows, size))


# ---- the text ----


def collect(files: Iterable[Path], characters: int) -> list[str]:
    """About so many characters of prose and code, in texts of a document's length, in a random but fixed order."""
    if files := tuple(files):
        prose, code = "".join(path.read_text(encoding="utf-8") for path in files), []
        wanted = min(characters, len(prose))
    else:
        prose, code = read_prose(characters), read_code(characters)
        wanted = min(characters // 2 if sum(map(len, code)) > characters // 2 else characters, len(prose))
    texts = [prose[start : start + DOCUMENT] for start in range(0, wanted, DOCUMENT)]
    left = characters - wanted
    for text in code:
        if left <= 0:
            break
        texts.append(text[:left])
        left -= len(text)
    random.Random(0).shuffle(texts)
    return texts


def read_prose(characters: int) -> str:
    """The .txt files of MINIRL_DATA_DIR, or "" where there is none."""
    folder = os.environ.get("MINIRL_DATA_DIR")
    parts: list[str] = []
    for path in sorted(Path(folder).rglob("*")) if folder else []:
        if path.suffix in (".txt", ".json", ".jsonl") and sum(map(len, parts)) < characters:
            parts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "".join(parts)


def read_code(characters: int) -> list[str]:
    """Python source of the standard library and of the installed packages."""
    paths = sysconfig.get_paths()
    found = sorted({path for key in ("stdlib", "purelib") for path in Path(paths[key]).rglob("*.py")})
    random.Random(0).shuffle(found)
    texts: list[str] = []
    total = 0
    for path in found:
        if total >= characters:
            break
        texts.append(path.read_bytes().decode("utf-8", "replace"))
        total += len(texts[-1])
    return texts


# ---- contenders ----


def train_minirl(texts: list[str], vocab_size: int, threads: int) -> None:
    Tokenizer.train(texts, vocab_size, pattern=PATTERN, special_tokens=[], threads=threads)


def train_rustbpe(texts: list[str], vocab_size: int) -> None:
    import rustbpe

    rustbpe.Tokenizer().train_from_iterator(iter(texts), vocab_size, pattern=PATTERN)


def train_tokenizers(texts: list[str], vocab_size: int) -> None:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    theirs = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    theirs.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    theirs.train_from_iterator(iter(texts), trainer)


def installed(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def training_rows(texts: list[str], vocab_size: int, threads: int) -> list[Row]:
    rows = [Row(f"minirl, {threads} threads", lambda: train_minirl(texts, vocab_size, threads), [])]
    if threads > 1:
        rows.append(Row("minirl, 1 thread", lambda: train_minirl(texts, vocab_size, 1), []))
    if installed("rustbpe"):
        rows.append(Row("rustbpe", lambda: train_rustbpe(texts, vocab_size), []))
    if installed("tokenizers"):
        rows.append(Row("tokenizers", lambda: train_tokenizers(texts, vocab_size), []))
    return rows


def encoding_rows(tokenizer: Tokenizer, texts: list[str], threads: int) -> list[Row]:
    """One text a call, then all texts in one call on several threads."""
    rows = [
        Row("minirl encode", lambda: [len(tokenizer.encode(text)) for text in texts], []),
        Row("minirl encode_array (int32)", lambda: [len(tokenizer.encode_array(text)) for text in texts], []),
        Row(f"minirl encode_batch, {threads} threads", lambda: tokenizer.encode_batch(texts, threads), []),
        Row(
            f"minirl encode_batch_arrays, {threads} threads (int32)",
            lambda: tokenizer.encode_batch_arrays(texts, threads),
            [],
        ),
    ]
    if installed("tiktoken"):
        theirs = tokenizer.to_tiktoken()
        rows.append(Row("tiktoken", lambda: [len(theirs.encode_ordinary(text)) for text in texts], []))
        rows.append(
            Row(
                f"tiktoken, {threads} threads",
                lambda: theirs.encode_ordinary_batch(texts, num_threads=threads),
                [],
            )
        )
    if installed("tokenizers"):
        library = as_tokenizers(tokenizer)
        rows.append(Row("tokenizers", lambda: [len(library.encode(text).ids) for text in texts], []))
        rows.append(Row(f"tokenizers, {threads} threads", lambda: library.encode_batch_fast(texts), []))
    return rows


def as_tokenizers(tokenizer: Tokenizer) -> Any:
    """Our vocabulary in the tokenizers library, by way of the file."""
    from tokenizers import Tokenizer as Theirs

    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(folder)
        return Theirs.from_file(str(Path(folder) / "tokenizer.json"))


def check_same_ids(tokenizer: Tokenizer, texts: list[str]) -> None:
    """A benchmark of something else would mean nothing: every contender must give the same ids."""
    if installed("tiktoken"):
        theirs = tokenizer.to_tiktoken()
        for text in texts:
            if theirs.encode_ordinary(text) != tokenizer.encode(text):
                raise AssertionError(f"tiktoken and minirl encode {text[:60]!r}... differently")


# ---- measuring ----


def take_turns(rows: list[Row], repeats: int) -> None:
    for _ in range(repeats):
        for row in rows:
            start = time.perf_counter()
            result = row.call()
            row.seconds.append(time.perf_counter() - start)
            del result  # freeing millions of numbers is nobody's encoding time


_MEMORY = """
import resource, sys
from pathlib import Path
from minirl.bench import tokenizer as bench
texts = Path(sys.argv[1]).read_bytes().decode("utf-8", "surrogatepass").split("\\x1e")
from tokenizers import Tokenizer
import rustbpe
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
NAME
print(peak() - before)
"""


def memory(texts: list[str], vocab_size: int, names: list[str]) -> dict[str, float]:
    """Megabytes by which training raises the peak of a process that holds the texts already; {} where not known."""
    if sys.platform != "linux" or not (installed("rustbpe") and installed("tokenizers")):
        return {}
    growths = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts"
        path.write_bytes("\x1e".join(text.replace("\x1e", " ") for text in texts).encode("utf-8", "surrogatepass"))
        for name in names:
            what, _, rest = name.partition(", ")
            threads = f", {rest.split()[0]}" if rest else ""
            program = _MEMORY.replace("NAME", f"bench.train_{what}(texts, {vocab_size}{threads})")
            command = [sys.executable, "-c", program, str(path)]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            growths[name] = int(output) / 1e3
    return growths


def print_growth(console: Console, options: Options) -> None:
    for factor in (0.1, 1.0, 2.0):
        texts = collect(options.files, int(options.megabytes * factor * 1e6))
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            train_minirl(texts, options.vocab_size, kernels.get_threads())
            seconds.append(time.perf_counter() - start)
        size = sum(len(text.encode()) for text in texts) / 1e6
        console.print(f"  {size:.1f} MB: {median(seconds):.3f} s, {median(seconds) / size * 1e3:.1f} ms/MB")


# ---- tables ----


def training_table(rows: list[Row], growths: dict[str, float]) -> Table:
    table = Table(title="Training; x: how many times as fast minirl's first row is", title_justify="left")
    for name in ("", "seconds", "x", "peak memory"):
        table.add_column(name, justify="left" if not name else "right")
    for row in rows:
        grown = f"+{growths[row.name]:.0f} MB" if row.name in growths else ""
        ratio = median(row.seconds) / median(rows[0].seconds)
        table.add_row(row.name, f"{median(row.seconds):.2f}", three_digits(ratio), grown)
    return table


def encoding_table(rows: list[Row], size: int) -> Table:
    table = Table(title="Encoding, MB/s; x: against tiktoken on one thread", title_justify="left")
    for name in ("", "MB/s", "x"):
        table.add_column(name, justify="left" if not name else "right")
    base = next((median(row.seconds) for row in rows if row.name == "tiktoken"), None)
    for row in rows:
        ratio = three_digits(base / median(row.seconds)) if base else ""
        table.add_row(row.name, three_digits(size / median(row.seconds) / 1e6), ratio)
    return table
