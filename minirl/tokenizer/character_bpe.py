"""Byte-pair encoding of characters, as SentencePiece does it: Llama 2, Mistral 7B, TinyLlama, Gemma.

The merges are found as in bpe.py, but a text begins as characters, not as bytes, and is not cut into words: "▁" stands
for a space, and tokens such as "▁the" hold it. A character that has no token is written as the tokens of its bytes
("byte fallback"): 🎾 becomes <0xF0> <0x9F> <0x8E> <0xBE>.

    "▁the▁cat"    ▁ t h e ▁ c a t  ->  ▁t h e ▁ c a t  ->  ▁t he ▁ c a t  ->  ▁the ▁ c a t  -> ...

A text may be long, and there are no chunks to go through one by one. So a heap holds all pairs that could be joined,
the earliest merge first; a list whose elements know their neighbours holds the tokens (Kudo and Richardson 2018,
section 3.1: O(N log N)). Where no token has a "▁" after another character, no merge runs into the next word. Then words
are encoded one by one, and each is looked up in a table of words that were seen before.
"""

import heapq
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from minirl.tokenizer.steps import SPACE

_WORDS = re.compile(f"{SPACE}*[^{SPACE}]+|{SPACE}+")  # no merge crosses their borders
_STARTS = re.compile(f"{SPACE}[^{SPACE}]*|[^{SPACE}]+")  # each "▁" begins a word, whatever the merges
REMEMBERED = 1 << 16  # words


class CharacterBPE:
    """Text to ids for one vocabulary of characters."""

    def __init__(
        self,
        names: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
        unknown: int | None = None,
        fuse_unknown: bool = True,
        whole_chunks: bool = False,
        words: bool = False,
    ) -> None:
        """names: the token of each name; "<0x0A>" is the byte 10. merges: pairs of names, in order. unknown: the token
        of a character that has neither a token nor bytes; without one that is an error. fuse_unknown: whether several
        in a row are one token. whole_chunks: whether a chunk with a token of its own is not merged at all. words:
        whether each "▁" begins a chunk."""
        self.names, self.merges, self.words = dict(names), list(merges), words
        self.unknown, self.fuse_unknown, self.whole_chunks = unknown, fuse_unknown, whole_chunks
        self._bytes = [self.names.get(byte_name(byte)) for byte in range(256)]
        self._joined = {
            (self.names[left], self.names[right]): (rank, self.names[left + right])
            for rank, (left, right) in enumerate(merges)
        }
        crossing = re.compile(f"[^{SPACE}]{SPACE}")
        self._apart = not any(crossing.search(left + right) for left, right in merges)
        self._seen: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """The ids of a text whose spaces are "▁". Raises ValueError for a character that no token can express."""
        if not text:
            return []
        if not self.words and (self.whole_chunks or not self._apart):
            return self._chunk(text)
        ids: list[int] = []
        for word in (_STARTS if self.words else _WORDS).findall(text):
            known = self._seen.get(word)
            if known is None:
                known = self._chunk(word)
                if len(self._seen) < REMEMBERED and len(word) < 64:
                    self._seen[word] = known
            ids += known
        return ids

    def _chunk(self, text: str) -> list[int]:
        if self.whole_chunks and text in self.names:
            return [self.names[text]]
        return self._merge(self._characters(text))

    def _characters(self, text: str) -> list[int]:
        """The text as tokens of its characters, or of their bytes."""
        ids: list[int] = []
        fused = False
        for character in text:
            number = self.names.get(character)
            if number is not None:
                ids.append(number)
                fused = False
                continue
            spelled = [self._bytes[byte] for byte in character.encode("utf-8", "surrogatepass")]
            if None not in spelled:
                ids += [one for one in spelled if one is not None]
                fused = False
            elif self.unknown is None:
                raise ValueError(f"no token can express {character!r}, and the vocabulary has no unknown token")
            else:
                if not (fused and self.fuse_unknown):
                    ids.append(self.unknown)
                fused = True
        return ids

    def _merge(self, ids: list[int]) -> list[int]:
        """Join pairs, the earliest merge first, of equal ones the leftmost."""
        n = len(ids)
        after, before = list(range(1, n + 1)), list(range(-1, n - 1))
        heap = [(*self._joined[pair], place, *pair) for place, pair in enumerate(pairwise(ids)) if pair in self._joined]
        heap = [(rank, place, new, left, right) for rank, new, place, left, right in heap]
        heapq.heapify(heap)
        gone = [False] * n
        while heap:
            _, place, new, left, right = heapq.heappop(heap)
            other = after[place]
            if gone[place] or ids[place] != left or other >= n or ids[other] != right:
                continue  # one of the two was joined to another in the meantime
            ids[place], gone[other] = new, True
            after[place] = after[other]
            if after[place] < n:
                before[after[place]] = place
            for start in (before[place], place):
                if start >= 0 and after[start] < n:
                    pair = ids[start], ids[after[start]]
                    if pair in self._joined:
                        rank, made = self._joined[pair]
                        heapq.heappush(heap, (rank, start, made, *pair))
        return [number for number, removed in zip(ids, gone, strict=True) if not removed]


def byte_name(byte: int) -> str:
    """The name of a byte's token: <0x0A>."""
    return f"<0x{byte:02X}>"


def name_bytes(name: str) -> bytes:
    """What a token adds to a decoded text: "▁the" -> b" the", "<0x0A>" -> b"\\n"."""
    match = re.fullmatch("<0x([0-9A-F]{2})>", name)
    return bytes([int(match[1], 16)]) if match else name.replace(SPACE, " ").encode()


def merges_by_score(names: Sequence[str], scores: Sequence[float]) -> list[tuple[str, str]]:
    """The merges of a vocabulary that has scores instead: a pair is joined if that makes a token, the pair whose token
    has the highest score first. Each way to cut a token into two tokens is a merge."""
    known = set(names)
    order = sorted(range(len(names)), key=lambda number: (-scores[number], number))
    merges = []
    for number in order:
        name = names[number]
        merges += [
            (name[:cut], name[cut:]) for cut in range(1, len(name)) if name[:cut] in known and name[cut:] in known
        ]
    return merges
