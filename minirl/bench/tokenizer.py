"""Training and encoding against tokenizers, tiktoken and rustbpe: python -m minirl.bench tokenizer

All get the same text, vocabulary size and pattern (GPT-4's), and do the same work: texts in, lists of ids out. A row
that gives int32 arrays instead says so. The contenders take turns and their median times are compared, so the ratios
hold on a busy machine even where the times do not. Memory is the growth of a fresh process that trains once. Libraries
that are not installed are left out.

The text is 30 MB, half of it prose from MINIRL_DATA_DIR (where that variable names a folder) and half the source of
Python and its packages; --files takes other text.
"""

import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from minirl import flags, kernels
from minirl.bench.progress import Progress
from minirl.bench.report import three_digits
from minirl.bench.runner import checked_threads
from minirl.tokenizer import PATTERNS, Tokenizer

PATTERN = PATTERNS["gpt4"]
DOCUMENT = 4_000  # characters of prose in one text; source files are a text each


@dataclass(frozen=True)
class Options:
    """Time the tokenizer against tokenizers, tiktoken and rustbpe."""

    megabytes: float = 30.0
    """Length of the text, in millions of characters."""
    vocab_size: int = 32768
    """Tokens in the vocabulary."""
    threads: int = 0
    """Threads of every library that has threads; 0 means all cores that this process may use."""
    repeats: int = 5
    """How often each is timed; the median counts."""
    files: tuple[Path, ...] = ()
    """UTF-8 files to use instead of the usual text."""
    only: Literal["", "training", "encoding"] = ""
    """Run one half of the benchmark: training or encoding."""
    growth: bool = False
    """Train also on a tenth and on twice the text, to see how the time grows."""


@dataclass
class Row:
    """One contender: its name, what to time, and the samples so far in seconds. size is in bytes of text."""

    name: str
    call: Callable[[], Any]
    size: int
    seconds: list[float] = field(default_factory=list)


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints two tables. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench tokenizer", __doc__)
    threads = checked_threads(options.threads)
    kernels.set_threads(threads)
    # Rust's rayon reads this once, when tokenizers or rustbpe first use threads
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))
    texts = collect(options.files, int(options.megabytes * 1e6))
    size = n_bytes(texts)
    console, progress = Console(), Progress()
    console.print(
        f"{size / 1e6:.1f} MB in {len(texts):,} texts, {options.vocab_size:,} tokens, gpt4, {threads} threads"
    )

    if options.only != "encoding":
        rows = training_rows(texts, options.vocab_size, threads)
        take_turns(rows, options.repeats, progress)
        growths = {} if progress.interrupted else memory(texts, options.vocab_size, [row.name for row in rows])
        console.print(training_table(rows, growths))
        if options.growth and not progress.interrupted:
            print_growth(console, options)
    if options.only != "training" and not progress.interrupted:
        tokenizer = Tokenizer.train(texts, options.vocab_size, pattern=PATTERN, special_tokens=[])
        rows = encoding_rows(tokenizer, texts, threads)
        take_turns(rows, options.repeats, progress)
        console.print(encoding_table(rows))
    return progress.status


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
    """Train minirl's tokenizer."""
    Tokenizer.train(texts, vocab_size, pattern=PATTERN, special_tokens=[], threads=threads)


def train_rustbpe(texts: list[str], vocab_size: int) -> None:
    """Train rustbpe's tokenizer."""
    import rustbpe

    rustbpe.Tokenizer().train_from_iterator(iter(texts), vocab_size, pattern=PATTERN)


def train_tokenizers(texts: list[str], vocab_size: int) -> None:
    """Train the tokenizer of Hugging Face's tokenizers."""
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
    """Whether a package is installed."""
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def training_rows(texts: list[str], vocab_size: int, threads: int) -> list[Row]:
    """A row for each contender that can train."""
    size = n_bytes(texts)
    rows = [Row(f"minirl, {threads} threads", lambda: train_minirl(texts, vocab_size, threads), size)]
    if threads > 1:
        rows.append(Row("minirl, 1 thread", lambda: train_minirl(texts, vocab_size, 1), size))
    if installed("rustbpe"):
        rows.append(Row("rustbpe", lambda: train_rustbpe(texts, vocab_size), size))
    if installed("tokenizers"):
        rows.append(Row("tokenizers", lambda: train_tokenizers(texts, vocab_size), size))
    return rows


def encoding_rows(tokenizer: Tokenizer, texts: list[str], threads: int) -> list[Row]:
    """One text a call, then all texts in one call on several threads. The ids are checked to be the same.

    The tokenizers library gets a tenth of the texts: it takes as long for them as the others for all.
    """
    size, tenth = n_bytes(texts), texts[::10]
    ours, several = tokenizer, f"{threads} threads"
    calls: list[tuple[str, Callable[[], Any], int]] = [
        ("minirl encode", lambda: each(ours.encode, texts), size),
        ("minirl encode_array (int32)", lambda: each(ours.encode_array, texts), size),
        (f"minirl encode_batch, {several}", lambda: ours.encode_batch(texts, threads), size),
        (f"minirl encode_batch_arrays, {several} (int32)", lambda: ours.encode_batch_arrays(texts, threads), size),
    ]
    if installed("tiktoken"):
        theirs = tokenizer.to_tiktoken()
        require_same_ids("tiktoken", theirs.encode_ordinary, ours, texts)
        calls += [
            ("tiktoken", lambda: each(theirs.encode_ordinary, texts), size),
            (f"tiktoken, {several}", lambda: theirs.encode_ordinary_batch(texts, num_threads=threads), size),
        ]
    if installed("tokenizers"):
        library = as_tokenizers(tokenizer)
        require_same_ids("tokenizers", lambda text: library.encode(text).ids, ours, tenth)
        calls += [
            ("tokenizers", lambda: each(lambda text: library.encode(text).ids, tenth), n_bytes(tenth)),
            (f"tokenizers, {several}", lambda: library.encode_batch_fast(tenth), n_bytes(tenth)),
        ]
    return [Row(*call) for call in calls]


def n_bytes(texts: list[str]) -> int:
    """The length of all texts in UTF-8."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def each(encode: Callable[[str], Any], texts: list[str]) -> None:
    """Encode every text, with a call for each."""
    for text in texts:
        encode(text)


def as_tokenizers(tokenizer: Tokenizer) -> Any:
    """Our vocabulary in the tokenizers library, by way of the file."""
    from tokenizers import Tokenizer as Theirs

    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(folder)
        return Theirs.from_file(str(Path(folder) / "tokenizer.json"))


def require_same_ids(name: str, encode: Callable[[str], list[int]], ours: Tokenizer, texts: list[str]) -> None:
    """A benchmark of something else would mean nothing."""
    for text in texts:
        if encode(text) != ours.encode(text):
            raise RuntimeError(f"{name} and minirl encode this text differently: {text[:60]!r}...")


# ---- measuring ----


def take_turns(rows: list[Row], repeats: int, progress: Progress) -> None:
    """Time every row `repeats` times, in turns, and tell its first time at once.

    Ctrl-C ends this early: then `rows` keeps those that were timed.
    """
    try:
        for turn in range(0 if progress.interrupted else repeats):
            for row in rows:
                start = time.perf_counter()
                result = row.call()
                row.seconds.append(time.perf_counter() - start)
                del result  # freeing millions of numbers is nobody's encoding time
                if turn == 0:
                    print(f"{row.name}: {three_digits(row.seconds[0])} s at first", flush=True)
    except KeyboardInterrupt:
        progress.stop(f"{sum(len(row.seconds) for row in rows)} times")
    rows[:] = [row for row in rows if row.seconds]


_MEMORY = """
import sys
from pathlib import Path
from minirl.bench import tokenizer as bench
texts = Path(sys.argv[1]).read_bytes().decode("utf-8", "surrogatepass").split("\\x1e")
from tokenizers import Tokenizer
import rustbpe
def status(field):
    line = next(line for line in open("/proc/self/status") if line.startswith(field))
    return int(line.split()[1])
Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is held now
before = status("VmRSS")
NAME
print(status("VmHWM") - before)
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
    """Print how the time to train grows with the text."""
    for factor in (0.1, 1.0, 2.0):
        texts = collect(options.files, int(options.megabytes * factor * 1e6))
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            train_minirl(texts, options.vocab_size, kernels.get_threads())
            seconds.append(time.perf_counter() - start)
        size = n_bytes(texts) / 1e6
        console.print(f"  {size:.1f} MB: {median(seconds):.3f} s, {median(seconds) / size * 1e3:.1f} ms/MB")


# ---- tables ----


def training_table(rows: list[Row], growths: dict[str, float]) -> Table:
    """The times and memory of training."""
    table = Table()
    for name in ("", "training, s", "x of minirl's", "peak memory"):
        table.add_column(name, justify="left" if not name else "right")
    for row in rows:
        grown = f"+{growths[row.name]:.0f} MB" if row.name in growths else ""
        ratio = median(row.seconds) / median(rows[0].seconds)
        table.add_row(row.name, f"{median(row.seconds):.2f}", three_digits(ratio), grown)
    return table


def encoding_table(rows: list[Row]) -> Table:
    """The times of encoding."""
    table = Table()
    for name in ("", "encoding, MB/s", "x of tiktoken's"):
        table.add_column(name, justify="left" if not name else "right")
    rates = {row.name: row.size / median(row.seconds) / 1e6 for row in rows}
    for name, rate in rates.items():
        ratio = three_digits(rate / rates["tiktoken"]) if "tiktoken" in rates else ""
        table.add_row(name, three_digits(rate), ratio)
    return table
