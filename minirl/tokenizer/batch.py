"""Many texts at once: cut the long ones, encode all pieces in one call of C, and put the ids together again."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from minirl.tokenizer.pretokenize import cut
from minirl.tokenizer.special import part

Array = np.ndarray
Encode = Callable[[Sequence[str]], tuple[Array, Array]]
Plan = tuple[int, int, list[int]]  # the first and last piece of a text, and its contents if it has special tokens

BATCH = 1 << 22  # characters encoded in one call; with fewer, threads spend their time waiting for one another
PIECE = 1 << 16  # characters that a thread takes at a time


def grouped(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in groups of a few million characters. TypeError for anything that is not a str."""
    group: list[str] = []
    size = 0
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"expected a str, not {type(text).__name__} {text!r:.60}")
        group.append(text)
        size += len(text)
        if size >= BATCH:
            yield group
            group, size = [], 0
    if group:
        yield group


def encode_texts(
    texts: Iterable[str], pattern: str | tuple[str, ...], allowed: Mapping[str, int], encode: Encode, threads: int
) -> Iterator[Array]:
    """The ids of each text (int32), with the ids of the special tokens `allowed` in their places.

    `encode` takes pieces of plain text and returns all their ids, and how many ids each piece has. With several threads
    it works on the next group while the caller uses this one: C runs without Python's lock.
    """
    waiting: deque[tuple[list[Plan], Future[tuple[Array, Array]]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for group in grouped(texts):
            pieces, plans = _cut_up(group, pattern, allowed)
            waiting.append((plans, pool.submit(encode, pieces)))
            if len(waiting) > 1 or threads == 1:
                yield from _put_together(waiting[0][0], *waiting.popleft()[1].result())
        while waiting:
            yield from _put_together(waiting[0][0], *waiting.popleft()[1].result())


def encode_parts(parts: Sequence[str], special_tokens: Mapping[str, int], encode: Encode) -> Array:
    """The ids of one text (int32) whose parts are plain text and special tokens in turn, as `part` returns them."""
    pieces = [plain for plain in parts[::2] if plain]
    contents = [-1 - special_tokens[text] if i % 2 else 0 for i, text in enumerate(parts) if i % 2 or text]
    return _with_special_tokens(*encode(pieces), contents) if contents else np.zeros(0, np.int32)


def _cut_up(
    texts: list[str], pattern: str | tuple[str, ...], allowed: Mapping[str, int]
) -> tuple[list[str], list[Plan]]:
    """Pieces of plain text; and what each text consists of: a piece is written as 0, a special token as -1 - id."""
    pieces: list[str] = []
    plans: list[Plan] = []
    for text in texts:
        first = len(pieces)
        contents = []
        parts = part(text, allowed)
        for number, plain in enumerate(parts):
            if number % 2:
                contents.append(-1 - allowed[plain])
            elif plain:
                cuts = cut(plain, pattern, PIECE)
                pieces += cuts
                contents += [0] * len(cuts)
        plans.append((first, len(pieces), contents if len(parts) > 1 else []))
    return pieces, plans


def _put_together(plans: list[Plan], ids: Array, counts: Array) -> Iterator[Array]:
    ends = [0, *np.cumsum(counts).tolist()]
    for first, last, contents in plans:
        plain = ids[ends[first] : ends[last]]  # the pieces of a text lie one after the other
        yield _with_special_tokens(plain, counts[first:last], contents) if contents else plain


def _with_special_tokens(plain: Array, counts: Array, contents: list[int]) -> Array:
    """The ids of a text: those of its pieces, which have `counts` ids each, and its special tokens between them."""
    items = np.array(contents, np.int64)
    special = items < 0
    lengths = np.ones(len(items), np.int64)
    lengths[~special] = counts
    ends = lengths.cumsum()
    places = np.zeros(ends[-1], bool)
    places[ends[special] - 1] = True
    ids = np.empty(ends[-1], np.int32)
    ids[places], ids[~places] = -1 - items[special], plain
    return ids
