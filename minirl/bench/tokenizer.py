"""`python -m minirl.bench tokenizer`: training and encoding against tokenizers, tiktoken and rustbpe, in one run.

Training runs in a process of its own for each contender and repeat, since what it costs in memory is the process's
peak; encoding runs in this process, contenders in turns, each returning lists of ids. All have the same text, size of
vocabulary and pattern (gpt4's); tiktoken encodes with the merges minirl learned. Missing contenders are left out.

The text is Python source and prose, half and half where both are found: the files of the standard library and the
installed packages, and the *.txt files of MINIRL_DATA_DIR.
"""

import multiprocessing
import os
import resource
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from minirl.tokenizer import PATTERNS, Tokenizer

MEGA = 1_000_000
PATTERN = "gpt4"


@dataclass(frozen=True)
class Options:
    """Time training and encoding against tokenizers, tiktoken and rustbpe."""

    megabytes: int = 30
    """Size of the text, MB."""
    vocab_size: int = 32768
    """Tokens to train."""
    threads: int = 2
    """Threads of every contender that has them."""
    repeats: int = 3
    """Runs of each contender, of which the median counts."""
    encode_megabytes: int = 8
    """How much of the text is encoded, MB."""


def main(argv: list[str] | None = None) -> None:
    options = tyro.cli(Options, args=argv, prog="python -m minirl.bench tokenizer")
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)  # of the contenders written in Rust
    console = Console(width=None if sys.stdout.isatty() else 100)
    sizes = sorted({max(1, options.megabytes // 10), options.megabytes, 2 * options.megabytes})
    documents = gather(sizes[-1] * MEGA)
    with tempfile.TemporaryDirectory() as folder:
        corpora = {size: write(Path(folder) / f"{size}.txt", documents, size * MEGA) for size in sizes}
        console.print(training(corpora, options), training_of_sizes(corpora, options))
        tokenizer = Tokenizer.train(read(corpora[options.megabytes]), options.vocab_size, pattern=PATTERN)
        console.print(encoding(tokenizer, corpora[options.megabytes], options))
        growth = in_own_process(encode_file_growth, tokenizer, corpora[sizes[-1]])
        console.print(f"Encoding a file of {sizes[-1]} MB as a stream takes {growth / MEGA:.0f} MB of memory.")


# ---- the text ----


def gather(size: int) -> list[str]:
    """Documents of at least `size` bytes in all, code and prose in turns; fewer where there are not so many."""
    packages = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    code = (file for folder in packages for file in sorted(folder.rglob("*.py")))
    prose = iter(sorted(Path(os.environ["MINIRL_DATA_DIR"]).rglob("*.txt")) if "MINIRL_DATA_DIR" in os.environ else [])
    found: list[str] = []
    bytes_of = {"code": 0, "prose": 0}
    while sum(bytes_of.values()) < size:
        kind = "prose" if bytes_of["prose"] <= bytes_of["code"] else "code"
        file = next(prose if kind == "prose" else code, None) or next(code, None) or next(prose, None)
        if file is None:
            break
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        found.append(text)
        bytes_of["prose" if file.suffix == ".txt" else "code"] += len(text)
    return found


SEPARATOR = "\0"  # between documents in the files; Python source and prose hold none


def write(path: Path, documents: list[str], size: int) -> Path:
    """The first `size` bytes of the documents, cut between characters."""
    with path.open("w", encoding="utf-8", newline="") as file:
        left = size
        for document in documents:
            if left <= 0:
                break
            file.write(document[:left].replace(SEPARATOR, " ") + SEPARATOR)
            left -= len(document)
    return path


def read(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read().split(SEPARATOR)[:-1]


# ---- training ----


def train_minirl(texts: list[str], vocab_size: int, threads: int) -> None:
    Tokenizer.train(texts, vocab_size, pattern=PATTERN, special_tokens=[], threads=threads)


def train_rustbpe(texts: list[str], vocab_size: int, threads: int) -> None:
    import rustbpe

    rustbpe.Tokenizer().train_from_iterator(iter(texts), vocab_size, pattern=PATTERNS[PATTERN])


def train_tokenizers(texts: list[str], vocab_size: int, threads: int) -> None:
    from tokenizers import Regex, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Peer

    peer = Peer(models.BPE())
    peer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERNS[PATTERN]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    peer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    )


TRAINERS: dict[str, Callable[[list[str], int, int], None]] = {
    "minirl": train_minirl,
    "rustbpe": train_rustbpe,
    "tokenizers": train_tokenizers,
}


def peak_memory() -> int:
    """The most memory that this process has held so far, bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def timed_training(name: str, path: Path, vocab_size: int, threads: int) -> tuple[float, int]:
    """(seconds, bytes of memory above what the text itself takes)."""
    texts = read(path)
    before = peak_memory()
    start = time.perf_counter()
    TRAINERS[name](texts, vocab_size, threads)
    return time.perf_counter() - start, peak_memory() - before


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def training(corpora: dict[int, Path], options: Options) -> Table:
    names = [name for name in TRAINERS if name == "minirl" or find_spec(name)]
    samples: dict[str, list[tuple[float, int]]] = {name: [] for name in names}
    path = corpora[options.megabytes]
    for _ in range(options.repeats):
        for name in names:
            samples[name].append(in_own_process(timed_training, name, path, options.vocab_size, options.threads))
    table = Table(title=f"Training: {options.megabytes} MB, vocabulary {options.vocab_size}, {options.threads} threads")
    for heading in ("", "seconds", "memory", "minirl is faster by"):
        table.add_column(heading, justify="right" if heading else "left")
    own = median(seconds for seconds, _ in samples["minirl"])
    for name, results in samples.items():
        seconds, memory = (median(column) for column in zip(*results, strict=True))
        table.add_row(name, f"{seconds:.2f}", f"{memory / MEGA:.0f} MB", f"{seconds / own:.1f}x")
    return table


def training_of_sizes(corpora: dict[int, Path], options: Options) -> Table:
    table = Table(title="Training minirl's on less and more text")
    for heading in ("MB", "seconds", "MB/s"):
        table.add_column(heading, justify="right")
    for size, path in corpora.items():
        runs = [
            in_own_process(timed_training, "minirl", path, options.vocab_size, options.threads)
            for _ in range(options.repeats)
        ]
        seconds = median(seconds for seconds, _ in runs)
        table.add_row(str(size), f"{seconds:.2f}", f"{size / seconds:.1f}")
    return table


# ---- encoding ----


def encoders(tokenizer: Tokenizer, threads: int) -> dict[str, Callable[[list[str]], Any]]:
    """Contenders, each turning texts into lists of ids."""
    found: dict[str, Callable[[list[str]], Any]] = {
        "minirl, 1 thread": lambda texts: tokenizer.encode_batch(texts, threads=1),
        f"minirl, {threads} threads": lambda texts: tokenizer.encode_batch(texts, threads=threads),
        "minirl to arrays, 1 thread": lambda texts: tokenizer.encode_batch_arrays(texts, threads=1),
        f"minirl to arrays, {threads} threads": lambda texts: tokenizer.encode_batch_arrays(texts, threads=threads),
    }
    if find_spec("tiktoken"):
        tik = tokenizer.to_tiktoken()
        found["tiktoken, 1 thread"] = lambda texts: [tik.encode_ordinary(text) for text in texts]
    if find_spec("tokenizers"):
        from tokenizers import Tokenizer as Peer

        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save(Path(folder) / "tokenizer.json")
            peer = Peer.from_file(str(Path(folder) / "tokenizer.json"))
        found["tokenizers, 1 thread"] = lambda texts: [peer.encode(text).ids for text in texts]
        found[f"tokenizers, {threads} threads"] = lambda texts: [e.ids for e in peer.encode_batch(texts)]
    return found


def encoding(tokenizer: Tokenizer, path: Path, options: Options) -> Table:
    texts, size = [], 0
    for text in read(path):
        texts.append(text)
        size += len(text.encode())
        if size >= options.encode_megabytes * MEGA:
            break
    contenders = encoders(tokenizer, options.threads)
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for encode in contenders.values():
        encode(texts[:20])  # what is made at the first call does not count
    for _ in range(options.repeats):
        for name, encode in contenders.items():
            start = time.perf_counter()
            encode(texts)
            samples[name].append(time.perf_counter() - start)
    table = Table(title=f"Encoding: {size / MEGA:.0f} MB in {len(texts)} texts")
    for heading in ("", "MB/s", "x tiktoken"):
        table.add_column(heading, justify="right" if heading else "left")
    rates = {name: size / MEGA / median(times) for name, times in samples.items()}
    base = rates.get("tiktoken, 1 thread")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:.1f}", f"{rate / base:.1f}" if base else "")
    return table


def encode_file_growth(tokenizer: Tokenizer, path: Path) -> int:
    """Bytes by which encoding the file as a stream raises this process's peak."""
    tokenizer.encode_array("The first call makes the encoder's tables.")
    before = peak_memory()
    for _ in tokenizer.encode_file(path):
        pass
    return peak_memory() - before
