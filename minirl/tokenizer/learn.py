"""Training: texts in, merges out; by the C code where it was built, by bpe.py otherwise."""

import warnings
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from minirl import kernels
from minirl.storage.strict_json import brief
from minirl.tokenizer import bpe, native
from minirl.tokenizer.batch import PIECE, grouped
from minirl.tokenizer.huggingface import MAX_TOKENS, Vocabulary
from minirl.tokenizer.pretokenize import cut, resolve, split
from minirl.tokenizer.special import check_special_tokens, part

Progress = Callable[[str, int, int | None], None]

_STEP = 1 << 10  # merges between two reports of progress


def learn(
    texts: Iterable[str],
    n_merges: int,
    *,
    pattern: str,
    special_tokens: list[str],
    threads: int,
    progress: Progress | None,
) -> list[bpe.Pair]:
    """The first n_merges merges of these texts; fewer if no pair is left. ValueError if there is no text."""
    report = progress or (lambda stage, done, total: None)
    batches = _batches(texts, pattern, special_tokens, report)
    if not native.available():
        chunks = (native.to_bytes(chunk) for pieces in batches for piece in pieces for chunk in split(piece, pattern))
        return bpe.train(chunks, n_merges)
    trainer = native.Trainer()
    for pieces in batches:
        trainer.add(pieces, pattern, threads)
    trainer.start(n_merges)
    tokens = [bytes([byte]) for byte in range(256)]
    merges: list[bpe.Pair] = []
    while len(merges) < n_merges:
        wanted = min(_STEP, n_merges - len(merges))
        made = trainer.merge(wanted)
        for left, right in made:
            merges.append((tokens[left], tokens[right]))
            tokens.append(tokens[left] + tokens[right])
        report("merging", len(merges), n_merges)
        if len(made) < wanted:
            break
    return merges


def _batches(texts: Iterable[str], pattern: str, special: list[str], report: Progress) -> Iterator[list[str]]:
    """Plain text in batches of pieces, split at special tokens, which are left out."""
    characters = 0
    for group in grouped(texts):
        pieces = [piece for text in group for plain in part(text, special)[::2] for piece in cut(plain, pattern, PIECE)]
        characters += sum(map(len, pieces))
        yield pieces
        report("reading", characters, None)
    if not characters:
        raise ValueError("Tokenizer.train: the texts are empty, so there is nothing to learn from")


def learn_vocabulary(
    texts: Iterable[str], vocab_size: int, pattern: str, special_tokens: Iterable[str], threads: int | None,
    progress: Progress | None,
) -> Vocabulary:  # fmt: skip
    """What `Tokenizer.train` makes: first the bytes, then the merges, last the special tokens."""
    special = check_special_tokens(special_tokens)
    if not isinstance(vocab_size, int | np.integer) or isinstance(vocab_size, bool):
        raise TypeError(f"vocab_size is {brief(vocab_size)}; expected a whole number")
    vocab_size = int(vocab_size)
    if vocab_size > MAX_TOKENS:
        raise ValueError(f"vocab_size is {brief(vocab_size)}; at most {MAX_TOKENS:,} is possible")
    n_merges = vocab_size - 256 - len(special)
    if n_merges < 0:
        raise ValueError(
            f"vocab_size={brief(vocab_size)} is too small: 256 bytes and {len(special)} special tokens need "
            f"{256 + len(special)}"
        )
    if isinstance(texts, (str, bytes)):
        raise TypeError("Tokenizer.train: texts is one string; give a list of strings")
    pattern = resolve(pattern)
    threads = threads or kernels.get_threads()
    merges = learn(texts, n_merges, pattern=pattern, special_tokens=special, threads=threads, progress=progress)
    if len(merges) < n_merges:
        warnings.warn(
            f"Tokenizer.train: after {len(merges)} merges no pair is left in the text; the vocabulary has "
            f"{256 + len(merges) + len(special)} tokens instead of {vocab_size}",
            stacklevel=3,
        )
    tokens = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
    ids = {name: len(tokens) + number for number, name in enumerate(special)}
    return Vocabulary([*tokens, *map(native.to_bytes, special)], merges, ids, pattern)
