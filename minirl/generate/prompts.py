"""What may be completed: a text, ids, or the messages of a conversation. And what ends a completion.

    generate(model, tokenizer, "Once upon a time")                                    # a text
    generate(model, tokenizer, tokenizer.encode_array("Once upon a time"))            # ids, as they are
    generate(model, tokenizer, [{"role": "user", "content": "What is 5 + 6?"}])       # a conversation

A text gets the token that begins texts in front, if its model expects one. Special tokens in it are plain text, except
for those that `allowed_special` names. A conversation is written out by the model's own chat template.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from minirl.autograd import Array
from minirl.model import GPT
from minirl.tasks.task import Problem
from minirl.tokenizer import conventions

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

Ids: TypeAlias = Array | Sequence[int]
Messages: TypeAlias = Sequence[Mapping[str, Any]]
Prompt: TypeAlias = str | Ids | Messages
End: TypeAlias = str | int | Iterable[str | int] | None


def usual_prompt(problem: Problem) -> Prompt:
    """A problem as minirl's own models read it."""
    return problem.prompt


def listed(prompts: Prompt | Iterable[Prompt]) -> list[Prompt]:
    """The prompts one by one: a single text, row of ids, or conversation is one prompt."""
    if isinstance(prompts, str) or (isinstance(prompts, np.ndarray) and prompts.ndim == 1):
        return [prompts]
    if not isinstance(prompts, Iterable):
        raise TypeError(f"generate: a prompt is {type(prompts).__name__} {prompts!r:.80}; expected text")
    found: list[Any] = list(prompts)
    whole = isinstance(prompts, Sequence) and bool(found) and isinstance(found[0], int | np.integer | Mapping)
    return [found] if whole else found


def encode_prompt(tokenizer: "Tokenizer", prompt: Prompt, allowed_special: Collection[str] | str = ()) -> Array:
    """The prompt's ids, (P,) int32.

    Raises TypeError for what is no prompt, ValueError for an empty one, IndexError for an id outside the vocabulary.
    """
    if isinstance(prompt, str):
        if not prompt:
            raise ValueError("generate: a prompt is empty; the model continues a text, so give it at least one token")
        return tokenizer.encode_text(prompt, allowed_special)
    if isinstance(prompt, bytes) or not isinstance(prompt, Sequence | np.ndarray):
        raise TypeError(f"generate: a prompt is {type(prompt).__name__} {prompt!r:.80}; expected text, ids or messages")
    if len(prompt) and isinstance(prompt[0], Mapping):
        return tokenizer.encode_chat(cast(Messages, prompt))
    array = np.asarray(prompt)
    if not array.size:
        raise ValueError("generate: a prompt is empty; the model continues a text, so give it at least one token")
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(f"generate: a prompt is {prompt!r:.80}; expected text, ids or messages")
    for number in (int(array.min()), int(array.max())):
        tokenizer.token_bytes(number)
    return np.ascontiguousarray(array, np.int32)


def common_beginning(rows: Sequence[Array]) -> int:
    """How many tokens all rows of ids begin with alike."""
    if not rows:
        return 0
    first, length = rows[0], min(map(len, rows))
    for row in rows[1:]:
        differing = np.flatnonzero(first[:length] != row[:length])
        length = int(differing[0]) if differing.size else length
    return length


def known_tokens(model: GPT, tokenizer: "Tokenizer") -> int:
    """The number of ids that may be drawn: as many as the tokenizer has tokens.

    The model may have more, because tables are often padded to a round number. Raises ValueError where it has fewer.
    """
    if tokenizer.vocab_size > model.config.vocab_size:
        raise ValueError(
            f"the tokenizer has {tokenizer.vocab_size} tokens, the model only {model.config.vocab_size}: they do not "
            "belong together; load both from the same folder"
        )
    return tokenizer.vocab_size


def end_tokens(tokenizer: "Tokenizer", end: End = None) -> tuple[int, ...]:
    """The ids that end a completion: those that the model's folder names, or others that a caller gives by name or id.

    There may be none: then a completion ends at its longest. Raises ValueError for a token that does not exist.
    """
    if end is None:
        return tokenizer.conventions.ends
    names = [end] if isinstance(end, str | int) else end
    return conventions.ends_by(names, tokenizer.special_tokens | tokenizer.added_tokens, tokenizer.vocab_size)


def needed_end_tokens(tokenizer: "Tokenizer") -> tuple[int, ...]:
    """`end_tokens`, for rewards: only an answer that has ended can earn one. Raises ValueError where there are none."""
    ends = end_tokens(tokenizer)
    if not ends:
        raise ValueError(
            f"the tokenizer names no token that ends a text, so no answer could end and be judged; train it with "
            f"special_tokens, which have {conventions.END}, or name one: tokenizer.ending_with('<|endoftext|>')"
        )
    return ends


class StopTexts:
    """Ends a row as soon as it has written one of some texts: stop=["\\n\\n", "Q:"].

    A text may begin and end in the middle of tokens, so what is compared are bytes. Each token has at least one byte,
    nearly always; the last tokens, as many as the text has bytes, therefore hold it.
    """

    def __init__(self, tokenizer: "Tokenizer", stop: str | Iterable[str]) -> None:
        texts = [stop] if isinstance(stop, str) else list(stop)
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"generate: stop holds {text!r:.80}; expected texts")
            if not text:
                raise ValueError("generate: stop holds an empty text, which stands everywhere")
        self.texts, self._bytes, self._stops = texts, tokenizer.token_bytes, [text.encode() for text in texts]
        self._special = frozenset(tokenizer.special_tokens.values())
        self._window = 2 * max(map(len, self._stops), default=0) + 1

    def __call__(self, ids: Array) -> bool:
        """Whether these ids, the newest of which was drawn just now, hold one of the texts."""
        last = b"".join([self._bytes(i) for i in ids[-self._window :].tolist() if i not in self._special])
        return any(stop in last for stop in self._stops)

    def cut(self, text: str) -> str:
        """The text up to the first of these."""
        places = [place for stop in self.texts if (place := text.find(stop)) >= 0]
        return text[: min(places)] if places else text

    def stream(self, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces of a text up to the first stop. What may be the beginning of one is held back for now."""
        cutter = Cutter(self)
        for piece in pieces:
            if text := cutter.push(piece):
                yield text
            if cutter.stopped:
                return
        if rest := cutter.finish():
            yield rest


class Cutter:
    """Cuts a text that arrives in pieces at the first stop."""

    def __init__(self, stops: StopTexts) -> None:
        self._stops, self._held, self.stopped = stops, "", False

    def push(self, piece: str) -> str:
        """What can be said now. What may be the beginning of a stop is held back."""
        if self.stopped:
            return ""
        held = self._held + piece
        short = self._stops.cut(held)
        if short != held:
            self.stopped, self._held = True, ""
            return short
        kept = max((n for stop in self._stops.texts for n in range(len(stop)) if held.endswith(stop[:n])), default=0)
        self._held = held[len(held) - kept :]
        return held[: len(held) - kept]

    def finish(self) -> str:
        """What was held back, now that no more comes."""
        held, self._held = self._held, ""
        return held
