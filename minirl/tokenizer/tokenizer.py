"""The Tokenizer: train, encode, decode, save and load.

The C code does the work where it was built; otherwise bpe.py does, with the same results.
"""

import copy
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl import kernels
from minirl.storage.files import atomic_write
from minirl.storage.strict_json import brief
from minirl.tokenizer import bpe, chat_template, conventions, huggingface, native, tiktoken_file
from minirl.tokenizer.added import part_normalised
from minirl.tokenizer.batch import encode_parts, encode_texts
from minirl.tokenizer.conventions import Conventions
from minirl.tokenizer.details import Details
from minirl.tokenizer.learn import Progress, learn_vocabulary
from minirl.tokenizer.loading import load_vocabulary
from minirl.tokenizer.pretokenize import DEFAULT_PATTERN, PATTERNS, read_text, rejoin, resolve, split
from minirl.tokenizer.special import DEFAULT_SPECIAL_TOKENS, allowed_tokens, check_special_tokens, part
from minirl.tokenizer.stream import StreamDecoder
from minirl.tokenizer.surrogates import LOSSLESS

if TYPE_CHECKING:
    import tiktoken

Array = np.ndarray


class Tokenizer:
    """A BPE vocabulary: of bytes, or of characters where another program made it so.

    Make one with `Tokenizer.train`, `Tokenizer.train_files` or `Tokenizer.load`. In a tokenizer that minirl trained,
    ids 0 to 255 are the bytes; then come the merges, in the order in which they were learned, and last the special
    tokens.

    Attributes: pattern (the regular expression that splits text into chunks, or several that do so in turn), merges
    (pairs of byte strings, in order), special_tokens (name -> id), added_tokens (name -> id: tokens of files made
    elsewhere that are recognised in every text), conventions (the tokens that end and begin texts, and the chat
    template). One tokenizer may be used by several threads at once; it can be copied and pickled.
    """

    def __init__(
        self,
        tokens: Sequence[bytes],
        merges: Sequence[tuple[bytes, bytes]],
        special_tokens: dict[str, int],
        pattern: str | tuple[str, ...],
        whole_chunks: bool = False,
        added_tokens: Mapping[str, int] | None = None,
        kept: Mapping[str, Any] | None = None,
        details: Details | None = None,
        conventions: Conventions | None = None,
    ) -> None:
        """tokens: the bytes of each id, special and added tokens included.

        whole_chunks: where a whole chunk of text is in the vocabulary, use that token even if the merges would not make
        it. Llama 3's vocabulary, which was made for another algorithm, needs this.
        added_tokens: tokens that are recognised in every text. kept: fields of tokenizer.json that `save` writes back.
        details: what only tokenizers made elsewhere have. conventions: by default those of minirl's tokenizers.
        Raises ValueError for a special token that tokenizer.json could not tell from an ordinary one.
        """
        self.pattern = resolve(pattern) if isinstance(pattern, str) else tuple(map(resolve, pattern))
        self.merges = list(merges)
        self.special_tokens = dict(special_tokens)
        self.added_tokens = dict(added_tokens or {})
        self._kept = dict(kept or {})
        self._details = details or Details()
        self._unusual = not self._details.steps.plain or bool(self._details.flags)
        self.conventions = conventions or _own_conventions(self.special_tokens, self._details.begins)
        self._tokens = list(tokens)
        self._whole_chunks = whole_chunks
        named = self.special_tokens | self.added_tokens
        named_ids = self._details.gaps | set(named.values())
        self._ids = {token: number for number, token in enumerate(self._tokens) if number not in named_ids}
        for name in named if self._details.characters is None else ():
            if huggingface.spelling(name) in self._ids:
                raise ValueError(f"special token {name!r} has the name of an ordinary token in tokenizer.json")
        bytes_alone = {bytes([byte]) for byte in range(256)}
        self._lacks_bytes = self._details.characters is None and not bytes_alone <= self._ids.keys()
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
        return cls(*learn_vocabulary(texts, vocab_size, pattern, special_tokens, threads, progress))

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
        pattern = "" if self._unusual or not isinstance(self.pattern, str) else self.pattern
        for piece in rejoin(read_text(path, errors), pattern, recognised):
            yield self.encode_array(piece, allowed_special)

    def _recognised(self, allowed_special: Collection[str] | str) -> dict[str, int]:
        """The tokens to look for in a text, with their ids."""
        allowed = allowed_tokens(self.special_tokens, allowed_special)
        return {**self.added_tokens, **{name: self.special_tokens[name] for name in allowed}}

    def _encode_array(self, text: str, allowed_special: Collection[str] | str) -> Array:
        if not isinstance(text, str):
            raise TypeError(f"Tokenizer.encode: expected a str, not {type(text).__name__} {text!r:.60}")
        if self._unusual:
            return self._encode_unusual(text, self._recognised(allowed_special))
        if allowed_special or self.added_tokens:
            recognised = self._recognised(allowed_special)
            parts = part(text, recognised)
            if len(parts) > 1:
                return encode_parts(parts, recognised, lambda pieces: self._encode_pieces(pieces, 1))
        return self._encode_pieces([text], 1)[0]

    def _encode_unusual(self, text: str, recognised: Mapping[str, int], begins: bool = True) -> Array:
        """The ids of a text that is normalised first, or whose tokens take something with them. begins: whether it is
        the beginning of a text, or what follows a special token."""
        steps, characters = self._details.steps, self._details.characters
        pieces, names = part_normalised(text, recognised, self._details.flags, steps.normalise)
        if characters is None:
            parts = [part for pair in zip(pieces, [*names, ""], strict=True) for part in pair][:-1]
            return encode_parts(parts, recognised, lambda plain: self._encode_pieces(plain, 1))
        found = characters.encode(steps.prepare(pieces[0], begins))
        for name, piece in zip(names, pieces[1:], strict=True):
            found += [recognised[name], *characters.encode(steps.prepare(piece, False))]
        return np.array(found, np.int32)

    def _encode_pieces(self, pieces: Sequence[str], threads: int) -> tuple[Array, Array]:
        """The ids of all pieces of plain text, and how many each has."""
        if native.available():
            if self._encoder is None:
                self._encoder = self._make_encoder()
            encoded = self._encoder.encode(pieces, self.pattern, threads)
            if self._lacks_bytes and (missing := encoded[0][encoded[0] >= len(self._tokens)]).size:
                raise _no_token(int(missing[0]) - len(self._tokens))
            return encoded
        if not self._ranks:
            self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        ids: list[int] = []
        counts = []
        for piece in pieces:
            before = len(ids)
            for chunk in map(native.to_bytes, split(piece, self.pattern)):
                whole = self._whole_chunks and chunk in self._ids
                for token in [chunk] if whole else bpe.encode(chunk, self._ranks):
                    if token not in self._ids:
                        raise _no_token(token[0])
                    ids.append(self._ids[token])
            counts.append(len(ids) - before)
        return np.array(ids, np.int32), np.array(counts, np.int64)

    def _make_encoder(self) -> native.Encoder:
        ids = self._ids
        merges = [(ids[left], ids[right], ids[left + right]) for left, right in self.merges]
        tokens, hidden = self._tokens, self._details.gaps | {*self.special_tokens.values(), *self.added_tokens.values()}
        if self._whole_chunks and hidden:  # a chunk with the letters of a special token is no special token
            tokens = [b"" if number in hidden else token for number, token in enumerate(tokens)]
        if self._lacks_bytes:  # a byte without a token gets an id after all others, which must not occur
            tokens = [*tokens, *(b"" if bytes([byte]) in ids else bytes([byte]) for byte in range(256))]
        single = [ids.get(bytes([byte]), len(self._tokens) + byte) for byte in range(256)]
        return native.Encoder(tokens, single, merges, self._whole_chunks)

    def _encode_batch(
        self, texts: Iterable[str], threads: int | None, allowed_special: Collection[str] | str
    ) -> Iterator[Array]:
        if isinstance(texts, str):
            raise TypeError("Tokenizer.encode_batch: texts is one string; give a list of strings, or use encode")
        if self._unusual:
            return (self._encode_array(text, allowed_special) for text in texts)
        recognised = self._recognised(allowed_special)
        threads = threads or kernels.get_threads()
        return encode_texts(
            texts, self.pattern, recognised, lambda pieces: self._encode_pieces(pieces, threads), threads
        )

    # ---- prompts ----

    def encode_text(self, text: str, allowed_special: Collection[str] | str = ()) -> Array:
        """`encode_array`, with the token in front that begins texts, where the model expects one (int32)."""
        ids, said = self._encode_array(text, allowed_special), self.conventions
        if not said.add_begin or said.begin is None or (ids.size and ids[0] == said.begin):
            return ids.copy()
        return np.concatenate([np.array([said.begin], np.int32), ids])

    def encode_chat(self, messages: Sequence[Mapping[str, Any]], *, answer: bool = True, **more: Any) -> Array:
        """The ids of a conversation, as the model's chat template writes it (int32).

        messages: {"role": "user", "content": "..."} and so on. What a message says is plain text: no special token is
        recognised in it, so it cannot end its turn or begin another. answer: whether the beginning of the assistant's
        answer follows. more: further variables of the template, such as tools.
        Raises ValueError for a tokenizer without a template, and for a conversation that the template refuses; and
        ImportError without jinja2 (`pip install 'minirl[models]'`).
        """
        names = {number: name for name, number in (self.special_tokens | self.added_tokens).items()}
        special = list(self.special_tokens)
        parts = chat_template.write(
            self.conventions, names, special, messages, answer=answer, flags=self._details.flags, **more
        )
        found = [
            np.array([self.special_tokens[part]], np.int32) if number % 2
            else self._encode_unusual(part, self._recognised(()), number == 0) if self._unusual
            else self._encode_array(part, ())
            for number, part in enumerate(parts)
        ]  # fmt: skip
        return np.concatenate(found)

    def ending_with(self, *names: str | int) -> "Tokenizer":
        """The same tokenizer, with other tokens that end a text, by name or id. ValueError for one that is not there.

        >>> tok = Tokenizer.load("gpt2").ending_with("<|endoftext|>")                        # doctest: +SKIP
        """
        ends = conventions.ends_by(names, self.special_tokens | self.added_tokens, len(self))
        changed = copy.copy(self)
        changed.conventions = replace(self.conventions, ends=ends)
        return changed

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

    def decode(
        self, ids: Iterable[int], skip_special: bool = False, errors: str = "replace", begins: bool = True
    ) -> str:
        """The text of these ids; `decode(encode(text)) == text` for every text of Unicode characters.

        skip_special leaves special tokens out. Bytes that are not UTF-8, which a model may well generate, become
        U+FFFD, as in `stream_decoder`. So the text can always be printed, and written as JSON.
        errors: "replace" does that; "strict" raises UnicodeDecodeError instead; "lossless" gives encoded lone
        surrogates back (surrogates.py), so that a Python string which holds some returns as it was. begins: whether
        the ids begin a text. Where encoding puts a space before every text, it is then left out.
        """
        if errors not in ("lossless", "replace", "strict"):
            raise ValueError(f"Tokenizer.decode: errors={errors!r}; expected 'lossless', 'replace' or 'strict'")
        found = self.decode_bytes(ids, skip_special)
        if begins and self._details.strips:
            found = found.removeprefix(b" ")
        return found.decode("utf-8", LOSSLESS if errors == "lossless" else errors)

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
        """The bytes of one id. A special token gives the bytes of its name; an id without a token, none."""
        if not 0 <= token_id < len(self._tokens):
            raise IndexError(f"token id {brief(token_id)} is outside the vocabulary, 0 to {len(self._tokens) - 1}")
        return self._tokens[token_id]

    def __repr__(self) -> str:
        names = {expression: name for name, expression in PATTERNS.items()}
        return (
            f"Tokenizer({len(self)} tokens: {len(self.merges)} merges, {len(self.special_tokens)} special; "
            f"pattern {names.get(str(self.pattern), self.pattern)!r})"
        )

    # ---- files ----

    def contents(self) -> dict[str, Any]:
        """What tokenizer.json says, as Python's dicts and lists."""
        return huggingface.to_json(
            huggingface.Vocabulary(
                self._tokens, self.merges, self.special_tokens, self.pattern, self._whole_chunks, self.added_tokens,
                self._kept, self._details,
            )
        )  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write tokenizer.json, atomically. A folder gets a file of that name, and `save_settings` beside it."""
        path = Path(path)
        with atomic_write(path / "tokenizer.json" if path.is_dir() else path) as file:
            json.dump(self.contents(), file, ensure_ascii=False, indent=1)
        if path.is_dir():
            self.save_settings(path)

    def save_settings(self, folder: str | os.PathLike[str]) -> None:
        """Write tokenizer_config.json and generation_config.json into a folder: which tokens begin and end texts, and
        the chat template. With them transformers stops where minirl stops."""
        names = {number: name for name, number in (self.special_tokens | self.added_tokens).items()}
        for name, contents in conventions.write(self.conventions, names).items():
            with atomic_write(Path(folder) / name) as file:
                json.dump(contents, file, ensure_ascii=False, indent=1)
                file.write("\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Tokenizer":
        """Read a tokenizer: minirl's own, or a BPE tokenizer that was made elsewhere.

        path: tokenizer.json, vocab.json with merges.txt beside it, a file of tiktoken, or a GGUF file; or a folder that
        holds one of them. A folder's other files say which tokens end a text, and how a conversation is written
        (conventions.py).

        Raises FileNotFoundError. Raises FormatError, a ValueError, for a damaged file and for a file that uses what
        minirl does not have.
        """
        path = Path(path)
        vocabulary, said = load_vocabulary(path)
        try:
            tokenizer = cls(*vocabulary, said)
            if path.is_dir():
                named = tokenizer.special_tokens | tokenizer.added_tokens
                found = conventions.read(path, named, len(tokenizer), vocabulary.details.begins)
                tokenizer.conventions = found
        except ValueError as error:
            raise huggingface.FormatError(f"{path}: {error}") from error
        return tokenizer

    def to_tiktoken(self, name: str = "minirl") -> "tiktoken.Encoding":
        """A tiktoken.Encoding with the same ids. tiktoken merges by token id, so it needs merges in that order.

        Raises ValueError when the ids of the merges do not rise (some files made elsewhere), for whole_chunks, and for
        added tokens, which tiktoken would not recognise in every text.
        """
        if self._unusual or self._lacks_bytes or not isinstance(self.pattern, str):
            raise ValueError("to_tiktoken: this tokenizer normalises text, cuts it in several steps, or lacks bytes")
        if self.added_tokens:
            raise ValueError(f"to_tiktoken: {', '.join(self.added_tokens)} would not be recognised in every text")
        merged = None if self._whole_chunks else self.merges
        return tiktoken_file.encoding(name, self.pattern, self._ids, merged, self.special_tokens)


def _own_conventions(special_tokens: Mapping[str, int], begins: int | None) -> Conventions:
    """Those of minirl's tokenizers, and the token that a file puts before every text."""
    return replace(conventions.own(special_tokens), begin=begins, add_begin=begins is not None)


def _no_token(byte: int) -> ValueError:
    return ValueError(
        f"the vocabulary has no token for the byte {byte:#04x}, which this text holds in UTF-8; leave the character out"
    )
