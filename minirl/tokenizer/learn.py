"""Training: texts in, merges out; by the C code where it was built, by bpe.py otherwise."""

from collections.abc import Callable, Iterable, Iterator

from minirl.tokenizer import bpe, native
from minirl.tokenizer.batch import PIECE, grouped
from minirl.tokenizer.pretokenize import cut, split
from minirl.tokenizer.special import part

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
