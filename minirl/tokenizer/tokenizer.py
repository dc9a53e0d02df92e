"""The Tokenizer: train, encode, decode, save and load.

The C code does the work where it was built; otherwise bpe.py does, with the same results.
"""

import json
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl import kernels
from minirl.storage.files import atomic_write
from minirl.storage.strict_json import brief, parse
from minirl.tokenizer import bpe, huggingface, native
from minirl.tokenizer.batch import encode_parts, encode_texts
from minirl.tokenizer.learn import Progress, learn
from minirl.tokenizer.pretokenize import DEFAULT_PATTERN, PATTERNS, SPLITTERS, read_text, rejoin, resolve, split
from minirl.tokenizer.special import DEFAULT_SPECIAL_TOKENS, allowed_tokens, check_special_tokens, part
from minirl.tokenizer.stream import StreamDecoder
from minirl.tokenizer.surrogates import LOSSLESS

if TYPE_CHECKING:
    import tiktoken

Array = np.ndarray


class Tokenizer:
    """A byte-level BPE vocabulary.

    Make one with `Tokenizer.train`, `Tokenizer.train_files` or `Tokenizer.load`. In a tokenizer that minirl trained,
    ids 0 to 255 are the bytes; then come the merges, in the order in which they were learned, and last the special
    tokens.

    Attributes: pattern (the regular expression that splits text into chunks), merges (pairs of byte strings, in order),
    special_tokens (name -> id), added_tokens (name -> id: tokens of files made elsewhere that are recognised in every
    text). One tokenizer may be used by several threads at once; it can be copied and pickled.
    """

    def __init__(
        self,
        tokens: Sequence[bytes],
        merges: Sequence[tuple[bytes, bytes]],
        special_tokens: dict[str, int],
        pattern: str,
        whole_chunks: bool = False,
        added_tokens: Mapping[str, int] | None = None,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        """tokens: the bytes of each id, special and added tokens included.

        whole_chunks: where a whole chunk of text is in the vocabulary, use that token even if the merges would not make
        it. Llama 3's vocabulary, which was made for another algorithm, needs this.
        added_tokens: tokens that are recognised in every text. kept: fields of tokenizer.json that `save` writes back.
        Raises ValueError for a special token that tokenizer.json could not tell from an ordinary one.
        """
        self.pattern = resolve(pattern)
        self.merges = list(merges)
        self.special_tokens = dict(special_tokens)
        self.added_tokens = dict(added_tokens or {})
        self._kept = dict(kept or {})
        self._tokens = list(tokens)
        self._whole_chunks = whole_chunks
        named = self.special_tokens | self.added_tokens
        named_ids = set(named.values())
        self._ids = {token: number for number, token in enumerate(self._tokens) if number not in named_ids}
        for name in named:
            if huggingface.spelling(name) in self._ids:
                raise ValueError(f"special token {name!r} has the name of an ordinary token in tokenizer.json")
        self._ranks: dict[tuple[bytes, bytes], int] = {}
        self._encoder: native.Encoder | None = None  # made when first needed
        self._integers = np.empty(len(self._tokens), object)  # every id as a Python int, so that lists share them
        self._integers[:] = range(len(self._tokens))

    def __getstate__(self) -> dict[str, Any]:
        """For copy and pickle: everything but the encoder, which lives in C and is made again when needed."""
        return {**self.__dict__, "_encoder": None}

    # ---- training ----

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        *,
        pattern: str = DEFAULT_PATTERN,
        special_tokens: Iterable[str] = DEFAULT_SPECIAL_TOKENS,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> "Tokenizer":
        """Learn a vocabulary of `vocab_size` tokens, special tokens included, from an iterable of texts.

        The texts are read once, a few megabytes at a time. Special tokens in them split the text, and nothing is
        learned from them. The most frequent pair is merged first; among equally frequent pairs, the larger pair of byte
        strings. The result depends neither on the number of threads nor on the order of the texts. Texts with too few
        pairs give a smaller vocabulary, with a warning.

        pattern: "gpt2", "gpt4", "gpt4-digits" or a regular expression. threads: by default as many as the kernels use.
        progress: called with ("reading", characters so far, None), then ("merging", merges so far, merges in all).
        Raises ValueError for a vocabulary smaller than the bytes and special tokens, for a pattern that is neither a
        name nor a regular expression, and for texts that are all empty.
        """
        special = check_special_tokens(special_tokens)
        if not isinstance(vocab_size, int | np.integer) or isinstance(vocab_size, bool):
            raise TypeError(f"vocab_size is {brief(vocab_size)}; expected a whole number")
        vocab_size = int(vocab_size)
        if vocab_size > huggingface.MAX_TOKENS:
            raise ValueError(f"vocab_size is {brief(vocab_size)}; at most {huggingface.MAX_TOKENS:,} is possible")
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
                stacklevel=2,
            )
        tokens = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
        ids = {name: len(tokens) + number for number, name in enumerate(special)}
        return cls([*tokens, *map(native.to_bytes, special)], merges, ids, pattern)

    @classmethod
    def train_files(
        cls,
        paths: Iterable[str | os.PathLike[str]],
        vocab_size: int,
        *,
        pattern: str = DEFAULT_PATTERN,
        special_tokens: Iterable[str] = DEFAULT_SPECIAL_TOKENS,
        errors: str = "strict",
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> "Tokenizer":
        """`train` on UTF-8 files. They are read block by block, so they may be larger than memory.

        errors: "strict" raises ValueError saying where a file is not UTF-8; "replace" reads U+FFFD there. With a
        regular expression as the pattern, a file is read whole: only for the named patterns is it known where to cut.
        """
        if isinstance(paths, (str, os.PathLike)):
            raise TypeError("Tokenizer.train_files: paths is one path; give a list of paths")
        special = check_special_tokens(special_tokens)
        expression = resolve(pattern)
        texts = (piece for path in paths for piece in rejoin(read_text(path, errors), expression, special))
        return cls.train(
            texts, vocab_size, pattern=pattern, special_tokens=special, threads=threads, progress=progress
        )  # fmt: skip

    # ---- encoding ----

    def encode(self, text: str, allowed_special: Collection[str] | str = ()) -> list[int]:
        """The ids of `text`, a list of int.

        Special tokens in it are recognised only if allowed_special names them or is "all"; otherwise they are plain
        text.
        """
        return self._integers.take(self._encode_array(text, allowed_special)).tolist()

    def encode_array(self, text: str, allowed_special: Collection[str] | str = ()) -> Array:
        """`encode`, as an int32 array: what a model takes, and faster for long texts."""
        return self._encode_array(text, allowed_special).copy()

    def encode_batch(
        self, texts: Iterable[str], threads: int | None = None, allowed_special: Collection[str] | str = ()
    ) -> list[list[int]]:
        """`encode` for each text. threads: by default as many as the kernels use; they share long texts too."""
        return [self._integers.take(ids).tolist() for ids in self._encode_batch(texts, threads, allowed_special)]

    def encode_batch_arrays(
        self, texts: Iterable[str], threads: int | None = None, allowed_special: Collection[str] | str = ()
    ) -> list[Array]:
        """`encode_batch`, as int32 arrays."""
        return [ids.copy() for ids in self._encode_batch(texts, threads, allowed_special)]

    def encode_file(
        self, path: str | os.PathLike[str], allowed_special: Collection[str] | str = (), errors: str = "strict"
    ) -> Iterator[Array]:
        """The ids of a UTF-8 file of any size, block by block (int32): together those of its whole text.

        With a named pattern, no more than a block and the longest chunk is held in memory.
        """
        recognised = self._recognised(allowed_special)
        for piece in rejoin(read_text(path, errors), self.pattern, recognised):
            yield self.encode_array(piece, allowed_special)

    def _recognised(self, allowed_special: Collection[str] | str) -> dict[str, int]:
        """The tokens to look for in a text, with their ids."""
        allowed = allowed_tokens(self.special_tokens, allowed_special)
        return {**self.added_tokens, **{name: self.special_tokens[name] for name in allowed}}

    def _encode_array(self, text: str, allowed_special: Collection[str] | str) -> Array:
        if not isinstance(text, str):
            raise TypeError(f"Tokenizer.encode: expected a str, not {type(text).__name__} {text!r:.60}")
        if allowed_special or self.added_tokens:
            recognised = self._recognised(allowed_special)
            parts = part(text, recognised)
            if len(parts) > 1:
                return encode_parts(parts, recognised, lambda pieces: self._encode_pieces(pieces, 1))
        return self._encode_pieces([text], 1)[0]

    def _encode_pieces(self, pieces: Sequence[str], threads: int) -> tuple[Array, Array]:
        """The ids of all pieces of plain text, and how many each has."""
        if native.available():
            if self._encoder is None:
                self._encoder = self._make_encoder()
            return self._encoder.encode(pieces, self.pattern, threads)
        if not self._ranks:
            self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        ids: list[int] = []
        counts = []
        for piece in pieces:
            before = len(ids)
            for chunk in map(native.to_bytes, split(piece, self.pattern)):
                whole = self._whole_chunks and chunk in self._ids
                ids += [self._ids[token] for token in ([chunk] if whole else bpe.encode(chunk, self._ranks))]
            counts.append(len(ids) - before)
        return np.array(ids, np.int32), np.array(counts, np.int64)

    def _make_encoder(self) -> native.Encoder:
        ids = self._ids
        merges = [(ids[left], ids[right], ids[left + right]) for left, right in self.merges]
        return native.Encoder(self._tokens, [ids[bytes([byte])] for byte in range(256)], merges, self._whole_chunks)

    def _encode_batch(
        self, texts: Iterable[str], threads: int | None, allowed_special: Collection[str] | str
    ) -> Iterator[Array]:
        if isinstance(texts, str):
            raise TypeError("Tokenizer.encode_batch: texts is one string; give a list of strings, or use encode")
        recognised = self._recognised(allowed_special)
        threads = threads or kernels.get_threads()
        return encode_texts(
            texts, self.pattern, recognised, lambda pieces: self._encode_pieces(pieces, threads), threads
        )

    # ---- decoding ----

    def decode_bytes(self, ids: Iterable[int], skip_special: bool = False) -> bytes:
        """The bytes of these ids, which need not be valid UTF-8."""
        ids = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
        if skip_special:
            special = set(self.special_tokens.values())
            ids = [number for number in ids if number not in special]
        if ids and min(ids) < 0:
            self.token_bytes(min(ids))
        try:
            return b"".join([self._tokens[number] for number in ids])
        except IndexError:
            return b"".join(map(self.token_bytes, ids))

    def decode(self, ids: Iterable[int], skip_special: bool = False, errors: str = "replace") -> str:
        """The text of these ids; `decode(encode(text)) == text` for every text of Unicode characters.

        skip_special leaves special tokens out. Bytes that are not UTF-8, which a model may well generate, become
        U+FFFD, as in `stream_decoder`. So the text can always be printed, and written as JSON.
        errors: "replace" does that; "strict" raises UnicodeDecodeError instead; "lossless" gives encoded lone
        surrogates back (surrogates.py), so that a Python string which holds some returns as it was.
        """
        if errors not in ("lossless", "replace", "strict"):
            raise ValueError(f"Tokenizer.decode: errors={errors!r}; expected 'lossless', 'replace' or 'strict'")
        return self.decode_bytes(ids, skip_special).decode("utf-8", LOSSLESS if errors == "lossless" else errors)

    def stream_decoder(self, skip_special: bool = False) -> StreamDecoder:
        """For printing tokens as they are generated: it holds incomplete characters back."""
        return StreamDecoder(self.token_bytes, self.special_tokens.values() if skip_special else ())

    # ---- the vocabulary ----

    @property
    def vocab_size(self) -> int:
        """The number of ids, special tokens included; the same as len()."""
        return len(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes of one id. A special token gives the bytes of its name."""
        if not 0 <= token_id < len(self._tokens):
            raise IndexError(f"token id {brief(token_id)} is outside the vocabulary, 0 to {len(self._tokens) - 1}")
        return self._tokens[token_id]

    def __repr__(self) -> str:
        names = {expression: name for name, expression in PATTERNS.items()}
        return (
            f"Tokenizer({len(self)} tokens: {len(self.merges)} merges, {len(self.special_tokens)} special; "
            f"pattern {names.get(self.pattern, self.pattern)!r})"
        )

    # ---- files ----

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write tokenizer.json, atomically. A folder gets a file of that name."""
        path = Path(path)
        contents = huggingface.to_json(
            huggingface.Vocabulary(
                self._tokens, self.merges, self.special_tokens, self.pattern, self._whole_chunks, self.added_tokens,
                self._kept,
            )
        )  # fmt: skip
        with atomic_write(path / "tokenizer.json" if path.is_dir() else path) as file:
            json.dump(contents, file, ensure_ascii=False, indent=1)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Tokenizer":
        """Read tokenizer.json, or the file of that name in a folder: minirl's own or another byte-level BPE.

        Raises FileNotFoundError. Raises FormatError, a ValueError, for a damaged file and for a file that uses what
        minirl does not have.
        """
        path = Path(path)
        path = path / "tokenizer.json" if path.is_dir() else path
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise FileNotFoundError(
                f"there is no {path}; `python -m minirl.tokenizer train FILES --out {path}` makes one"
            ) from None
        try:
            contents = parse(data)
        except ValueError as error:
            raise huggingface.FormatError(f"{path} is not JSON: {error}") from error
        try:
            return cls(*huggingface.from_json(contents))
        except ValueError as error:
            raise huggingface.FormatError(f"{path}: {error}") from error

    def to_tiktoken(self, name: str = "minirl") -> "tiktoken.Encoding":
        """A tiktoken.Encoding with the same ids. tiktoken merges by token id, so it needs merges in that order.

        Raises ValueError when the ids of the merges do not rise (some files made elsewhere), for whole_chunks, and for
        added tokens, which tiktoken would not recognise in every text.
        """
        made = [self._ids[left + right] for left, right in self.merges]
        if self._whole_chunks or any(a >= b for a, b in pairwise(made)):
            raise ValueError(
                "to_tiktoken: the merges of this tokenizer are not in the order of its ids, as tiktoken needs"
            )
        if self.added_tokens:
            raise ValueError(f"to_tiktoken: {', '.join(self.added_tokens)} would not be recognised in every text")
        import tiktoken

        pattern = self.pattern
        if pattern not in SPLITTERS:  # tiktoken drops what the pattern does not match; here it is a chunk
            pattern = rf"(?:{pattern})|(?:(?!{pattern})[\s\S])+"
        return tiktoken.Encoding(
            name, pat_str=pattern, mergeable_ranks=dict(self._ids), special_tokens=dict(self.special_tokens)
        )
