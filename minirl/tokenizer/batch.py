"""Many texts at once: cut the long ones, encode all pieces in one call of C, and put the ids together again."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from minirl.tokenizer.pretokenize import cut
from minirl.tokenizer.special import part

Array = np.ndarray
Encode = Callable[[Sequence[str]], tuple[Array, Array]]

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
    texts: Iterable[str], pattern: str, allowed: Mapping[str, int], encode: Encode, threads: int
) -> Iterator[Array]:
    """The ids of each text (int32), with the ids of the special tokens `allowed` in their places.

    `encode` takes pieces of plain text and returns all their ids, and how many ids each piece has. With several threads
    it works on the next group while the caller uses this one: C runs without Python's lock.
    """
    waiting: deque[tuple[list[list[int]], Future[tuple[Array, Array]]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for group in grouped(texts):
            pieces, plan = _cut_up(group, pattern, allowed)
            waiting.append((plan, pool.submit(encode, pieces)))
            if len(waiting) > 1 or threads == 1:
                yield from _put_together(*waiting.popleft())
        while waiting:
            yield from _put_together(*waiting.popleft())


def _cut_up(texts: list[str], pattern: str, allowed: Mapping[str, int]) -> tuple[list[str], list[list[int]]]:
    """Pieces of plain text; and what each text consists of: pieces by number, and special tokens as -1 - id."""
    pieces: list[str] = []
    plan: list[list[int]] = []
    for text in texts:
        contents = []
        for number, plain in enumerate(part(text, allowed)):
            if number % 2:
                contents.append(-1 - allowed[plain])
                continue
            for piece in cut(plain, pattern, PIECE):
                contents.append(len(pieces))
                pieces.append(piece)
        plan.append(contents)
    return pieces, plan


def _put_together(plan: list[list[int]], encoded: "Future[tuple[Array, Array]]") -> Iterator[Array]:
    ids, counts = encoded.result()
    ends = [0, *np.cumsum(counts).tolist()]
    for contents in plan:
        if min(contents) >= 0:  # its pieces lie one after the other
            yield ids[ends[contents[0]] : ends[contents[-1] + 1]]
        else:
            yield np.concatenate(
                [np.array([-1 - n], np.int32) if n < 0 else ids[ends[n] : ends[n + 1]] for n in contents]
            )
