"""MinHash signatures against datasketch and rensa: python -m minirl.bench duplicates

All make 112 functions of MinHash for each document, of its 5 words in a row, on one thread, in turns; the median time
counts. First from texts, as a corpus is prepared: cutting into words and hashing them counts. Then from numbers, one
for each 5 words, which all three are given: MinHash alone. Before that, each one estimates how much pairs of documents
have in common, which is known here, because a part of one was put into the other.

The documents are cut out of --files, or of the .txt files in MINIRL_DATA_DIR or, where there are none, of the Python
files of the standard library.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from minirl import flags, kernels
from minirl.autograd import Array
from minirl.bench.progress import Progress
from minirl.bench.report import three_digits
from minirl.bench.runner import OptionError
from minirl.bench.tokenizer import Row, installed, read_code, read_prose, take_turns
from minirl.corpus.page import Page
from minirl.corpus.signature import BANDS, ROWS, WORDS, A, B

FUNCTIONS = BANDS * ROWS
PAIRS = 200  # whose likeness is estimated


@dataclass(frozen=True)
class Options:
    """Time MinHash against datasketch and rensa."""

    documents: int = 2000
    """How many documents get a signature."""
    words: int = 500
    """How many words a document has."""
    repeats: int = 5
    """How often each is timed; the median counts."""
    files: tuple[Path, ...] = ()
    """UTF-8 text files to cut the documents out of."""


@dataclass(frozen=True)
class Maker:
    """A library: how it makes the signatures (N, 112) of texts, and of documents that are numbers."""

    name: str
    of_texts: Callable[[list[str]], Any]
    of_numbers: Callable[[list[Array]], Any]


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints the errors of the estimates, and two tables. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench duplicates", __doc__)
    kernels.set_threads(1)
    texts = collect(options)
    numbers = [grams(text) for text in texts]
    size = sum(len(text.encode()) for text in texts)
    console, progress = Console(), Progress()
    console.print(f"{len(texts):,} documents of {options.words:,} words, {size / 1e6:.1f} MB; {FUNCTIONS} functions")
    makers = [maker for maker in MAKERS if maker.name == "minirl" or installed(maker.name)]
    for maker in makers:
        off = estimation_error(maker, numbers)
        console.print(f"{maker.name} estimates what {PAIRS} pairs have in common to {off:.3f}", highlight=False)
    from_texts = [Row(maker.name, partial(maker.of_texts, texts), size) for maker in makers]
    from_numbers = [Row(maker.name, partial(maker.of_numbers, numbers), size) for maker in makers]
    take_turns(from_texts, options.repeats, progress)
    take_turns(from_numbers, options.repeats, progress)
    console.print(table("from texts, MB/s", from_texts))
    console.print(table("from numbers, MB/s", from_numbers))
    return progress.status


def collect(options: Options) -> list[str]:
    """The documents. Raises OptionError where there is too little text for them."""
    characters = options.documents * options.words * 8
    if options.files:
        sources = [path.read_text(encoding="utf-8") for path in options.files]
    else:
        sources = [read_prose(characters)] if read_prose(1) else read_code(characters)
    words = [word for source in sources for word in source.split()]
    whole = len(words) // options.words
    if whole < options.documents:
        raise OptionError(f"--documents is {options.documents:,}, and the text has {whole:,}; give more --files")
    cuts = range(0, options.documents * options.words, options.words)
    return [" ".join(words[start : start + options.words]) for start in cuts]


def grams(text: str) -> Array:
    """A number for every 5 words in a row: (n,) uint64 below 2^32, as datasketch wants them."""
    found = Page(text).grams(WORDS)
    return (found ^ found >> np.uint64(32)) & np.uint64(0xFFFFFFFF)


def estimation_error(maker: Maker, documents: list[Array]) -> float:
    """The root mean square error of the estimated share of common numbers, over pairs that have from none to all."""
    pairs, truth = [], []
    for number in range(PAIRS):
        one, other = documents[number % len(documents)], documents[(number + 1) % len(documents)]
        part = len(one) * number // PAIRS
        mixed = np.concatenate([one[:part], other[part:]])
        pairs += [one, mixed]
        common = np.intersect1d(one, mixed).size
        truth.append(common / (np.unique(one).size + np.unique(mixed).size - common))
    signatures = np.asarray(maker.of_numbers(pairs))
    estimate = (signatures[::2] == signatures[1::2]).mean(axis=1)
    return float(np.sqrt(np.mean((estimate - truth) ** 2)))


def table(title: str, rows: list[Row]) -> Table:
    """Median speeds, and how many times as long as minirl each takes."""
    found = Table()
    for name in ("", title, "time, x of minirl's"):
        found.add_column(name, justify="left" if not name else "right")
    for row in rows:
        seconds = median(row.seconds)
        found.add_row(row.name, three_digits(row.size / seconds / 1e6), three_digits(seconds / median(rows[0].seconds)))
    return found


# ---- contenders ----


def minirl_of_texts(texts: list[str]) -> list[Array]:
    """As minirl.corpus makes them, before bands are formed."""
    return minirl_of_numbers([grams(text) for text in texts])


def minirl_of_numbers(documents: list[Array]) -> list[Array]:
    """From one number for each 5 words."""
    return [kernels.minhash(numbers.astype(np.uint32), A, B) for numbers in documents]


def shingles(text: str) -> list[bytes]:
    """Five words in a row, as the libraries want them; word by word as Page has them, but for punctuation."""
    words = text.casefold().split()
    return [" ".join(words[i : i + WORDS]).encode() for i in range(len(words) - WORDS + 1)]


def datasketch_of_texts(texts: list[str]) -> list[Array]:
    """With its own hash function."""
    from datasketch import MinHash

    return [found.hashvalues for found in MinHash.bulk(map(shingles, texts), num_perm=FUNCTIONS)]


def datasketch_of_numbers(documents: list[Array]) -> list[Array]:
    """Numbers are hashed already."""
    from datasketch import MinHash

    lists = (numbers.tolist() for numbers in documents)
    return [found.hashvalues for found in MinHash.bulk(lists, num_perm=FUNCTIONS, hashfunc=int)]


def rensa_of_texts(texts: list[str]) -> Any:
    """With its own hash function."""
    from rensa import RMinHash

    return RMinHash.digest_matrix_from_token_byte_sets([shingles(text) for text in texts], FUNCTIONS, 1).to_rows()


def rensa_of_numbers(documents: list[Array]) -> Any:
    """Numbers are hashed already."""
    from rensa import RMinHash

    return RMinHash.digest_matrix_from_token_hash_sets([n.tolist() for n in documents], FUNCTIONS, 1).to_rows()


MAKERS = (
    Maker("minirl", minirl_of_texts, minirl_of_numbers),
    Maker("datasketch", datasketch_of_texts, datasketch_of_numbers),
    Maker("rensa", rensa_of_texts, rensa_of_numbers),
)
