"""Text in, text out: `generate` for evaluation and scripts, `stream` for chat. Both use the engine.

What a model says is text, without special tokens. With tools it is the text outside of calls and results.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.functional.arguments import token_ids
from minirl.generate.engine import Engine, Row
from minirl.generate.prompts import (
    End,
    Ids,
    Prompt,
    StopTexts,
    common_beginning,
    encode_prompt,
    end_tokens,
    known_tokens,
    listed,
)
from minirl.generate.sampling import Sampling, Seed, row_stream, seed_words, stream_of, whole
from minirl.generate.temperature import Temperature
from minirl.model import GPT
from minirl.model.cache import cache_bytes
from minirl.ranks import Group, current, everywhere
from minirl.ranks.shares import cut
from minirl.tools import Piece, Toolbox, pieces, said

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

CACHE_BYTES = 1 << 30  # if keys and values would need more memory, fewer slots are used
USED_UP = np.random.default_rng(0)  # in the place of a row's random numbers, which other ranks need not know
SHARED = 64  # a beginning of so many tokens, which all prompts have, is computed once


@dataclass(frozen=True)
class Completion:
    """What the model wrote after a prompt."""

    prompt_ids: Array
    """(P,) int32."""
    ids: Array
    """(n,) int32, the end token and the results of tools included."""
    log_probs: Array
    """(n,) float32: log pi(id | tokens before) at the temperature of each step, before penalties, top-k, top-p and
    min-p. Where the temperature is 0 it is the log-probability at temperature 1."""
    text: str
    """What the model said: the completion without special tokens, calls of tools, and their results."""
    finished: bool
    """Whether it ended with the end token; otherwise a limit or a misplaced mark cut it off."""
    forced: Array
    """(n,) bool: True where a tool's result stands. Such a token was not drawn, and its log_prob is 0."""

    @property
    def log_prob(self) -> float:
        """Of the whole completion: the sum of log_probs."""
        return float(self.log_probs.sum(dtype="float64"))


def generate(
    model: GPT,
    tokenizer: "Tokenizer",
    prompts: Prompt | Iterable[Prompt],
    *,
    temperature: Temperature = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    no_repeat_ngram: int = 0,
    frequency_penalty: float = 0.0,
    presence_penalty: float = 0.0,
    max_new_tokens: int = 256,
    seed: Seed = 0,
    samples: int = 1,
    slots: int = 256,
    tools: Toolbox | None = None,
    allowed_special: Collection[str] | str = (),
    end: End = None,
    stop: str | Iterable[str] = (),
) -> Iterator[Completion]:
    """Complete each prompt `samples` times; yield the completions in order, prompt by prompt, as soon as possible.

    prompts: texts, ids, or conversations; prompts.py explains them. A single one need not be in a list.
    The settings of the draw are explained at `Sampling`. The same seed gives the same completions. They do not depend
    on `slots`, the number of rows computed at once. A row ends with an end token, after max_new_tokens, or where the
    context is full. A model may have more ids than the tokenizer has tokens, because tables are often padded; the
    surplus ids are never drawn.

    allowed_special: special tokens that are recognised in prompts that are texts: names, or "all". end: the tokens that
    end a row, by name or id; by default those that the model's folder names. stop: texts that end a row too; neither
    they nor what follows them is part of the completion's text.

    tools: what the model may call; `Toolbox` has the limits. Results count against the context, not against
    max_new_tokens.

    Raises ValueError, before anything is computed, for an empty prompt, for one that does not fit into the model's
    context, for settings out of range, and for a tokenizer with more tokens than the model; TypeError for a prompt that
    is no text.
    """
    rule = Sampling(
        temperature, top_k, top_p, max_new_tokens, min_p, no_repeat_ngram, frequency_penalty, presence_penalty
    )
    vocabulary = known_tokens(model, tokenizer)
    encoded = [encode_prompt(tokenizer, prompt, allowed_special) for prompt in listed(prompts)]
    stops = StopTexts(tokenizer, stop)
    rows = generate_ids(
        model, encoded, rule, end_tokens(tokenizer, end), seed=seed, samples=samples, slots=slots,
        vocabulary=vocabulary, tools=tools, stops=stops if stops.texts else None,
    )  # fmt: skip
    return (as_completion(row, tokenizer, tools, stops) for row in rows)


def as_completion(
    row: Row, tokenizer: "Tokenizer", tools: Toolbox | None = None, stops: StopTexts | None = None
) -> Completion:
    """A row that has ended, with its text. tools, stops: those it was generated with."""
    text = said_by(row, tokenizer, tools)
    text = text if stops is None else stops.cut(text)
    return Completion(row.prompt, row.ids, row.log_probs, text, row.finished, row.forced)


def said_by(row: Row, tokenizer: "Tokenizer", tools: Toolbox | None) -> str:
    """What the model said in this row: the text that judges read. Without tools it is everything, because marks are
    tokens like others then."""
    if tools is None:
        return tokenizer.decode(row.ids, skip_special=True, begins=False)
    return said(tokenizer, row.ids, row.forced)


def generate_ids(
    model: GPT,
    prompts: Sequence[Ids],
    sampling: Sampling,
    end: int | Iterable[int] | None,
    *,
    seed: Seed = 0,
    samples: int = 1,
    slots: int = 256,
    vocabulary: int | None = None,
    tools: Toolbox | None = None,
    stops: StopTexts | None = None,
    first: int = 0,
) -> Iterator[Row]:
    """`generate` on token ids. end: the tokens that end a row. vocabulary: only ids below it are drawn; by default all
    of the model's. first: the number of the first prompt, on which random numbers depend.

    Where the program has several ranks, each takes a share of the prompts. A row's random numbers depend on the seed,
    the prompt's number and the sample's, so all rows have the same bits on any number of ranks.

    Raises IndexError for an id that the model does not have, otherwise what `generate` raises.
    """
    config = model.config
    samples, slots, words = whole("samples", samples, 1), whole("slots", slots, 1), seed_words(seed)
    arrays = [token_ids("generate", f"prompt {i}", prompt, config.vocab_size) for i, prompt in enumerate(prompts)]
    for i, array in enumerate(arrays):
        if array.ndim != 1 or not array.size:
            raise ValueError(f"generate: prompt {i} has shape {array.shape}; expected (P,), with 1 token or more")
    capacity, slots = check_prompts(model, arrays, sampling, min(slots, samples * len(arrays)), tools)
    if not arrays:
        return iter(())
    if current().size > 1 and len(arrays) > 1 and stops is None:
        settings = {"seed": words, "samples": samples, "slots": slots, "vocabulary": vocabulary, "tools": tools}
        shares = everywhere(_share, kernels.precision(), model, arrays, sampling, end, settings)
        return (row for share in shares for row in share)
    begins = common_beginning([array[:-1] for array in arrays]) if len(arrays) > 1 else 0
    beginning = arrays[0][:begins] if begins >= SHARED else None
    engine = Engine(
        model, sampling, end, slots, capacity, vocabulary, tools=tools, finish=stops, beginning=beginning
    )  # fmt: skip
    return _rows(engine, arrays, words, samples, first)


def _share(
    group: Group,
    precision: str,
    model: GPT,
    prompts: Sequence[Array],
    sampling: Sampling,
    end: int | Iterable[int] | None,
    settings: dict[str, Any],
) -> list[Row]:
    """The rows of this rank's share of the prompts."""
    share = cut([1] * len(prompts), group.size)[group.rank]
    with kernels.using_precision(precision):
        rows = list(generate_ids(model, prompts[share], sampling, end, first=share.start, **settings))
    group.counts["generated"] += sum(len(row.ids) for row in rows)
    for row in rows:
        row.problem, row.stream = share.start + row.problem, USED_UP
    return rows


def check_prompts(
    model: GPT, prompts: Sequence[Array], sampling: Sampling, slots: int, tools: Toolbox | None = None
) -> tuple[int, int]:
    """The capacity of a row that these prompts need, and how many of `slots` rows their memory allows. Raises
    ValueError for a prompt that is longer than the context."""
    config = model.config
    longest = max(map(len, prompts), default=0)
    if longest > config.context_length:
        raise ValueError(
            f"generate: a prompt has {longest} tokens, more than the model's context length, {config.context_length}; "
            "shorten it, or train a model with a longer context"
        )
    new = min(sampling.max_new_tokens, config.context_length)
    capacity = min(longest + new + (tools.most_forced(new) if tools else 0), config.context_length)
    return capacity, min(slots, max(CACHE_BYTES // cache_bytes(config, 2 * capacity), 1))  # a prompt has a row too


def _rows(engine: Engine, prompts: Sequence[Array], words: tuple[int, ...], samples: int, first: int) -> Iterator[Row]:
    """The rows of all prompts, in order. Rows are made only when they are nearly due: there may be very many."""
    coming = (
        [Row(prompt, problem, sample, stream_of(words, first + problem, sample)) for sample in range(start, stop)]
        for problem, prompt in enumerate(prompts)
        for start in range(0, samples, engine.slots)
        for stop in [min(start + engine.slots, samples)]
    )
    ready: dict[tuple[int, int], Row] = {}
    wanted = ((problem, sample) for problem in range(len(prompts)) for sample in range(samples))
    place = next(wanted, None)
    while True:
        for rows in islice(coming, max(engine.slots - len(engine.waiting), 0)):  # one step starts no more than these
            engine.add(rows)
        if not engine.busy:
            return
        for row in engine.step():
            ready[row.problem, row.sample] = row
        while place in ready:
            yield ready.pop(place)
            place = next(wanted, None)


def stream(
    model: GPT,
    tokenizer: "Tokenizer",
    prompt: Prompt,
    *,
    temperature: Temperature = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    no_repeat_ngram: int = 0,
    frequency_penalty: float = 0.0,
    presence_penalty: float = 0.0,
    max_new_tokens: int = 256,
    seed: Seed = 0,
    allowed_special: Collection[str] | str = (),
    end: End = None,
    stop: str | Iterable[str] = (),
) -> Iterator[str]:
    """The completion of one prompt, piece by piece. The joined pieces are the text that `generate` returns; it raises
    the same errors."""
    rule = Sampling(
        temperature, top_k, top_p, max_new_tokens, min_p, no_repeat_ngram, frequency_penalty, presence_penalty
    )
    encoded, stops = encode_prompt(tokenizer, prompt, allowed_special), StopTexts(tokenizer, stop)
    engine = _one_row(model, tokenizer, encoded, rule, seed, None, end_tokens(tokenizer, end), stops)
    return stops.stream(_texts(engine, tokenizer))


def stream_pieces(
    model: GPT, tokenizer: "Tokenizer", prompt: Prompt, tools: Toolbox, *, seed: Seed = 0, **sampling: Any
) -> Iterator[Piece]:
    """`stream` with tools: pieces of what the model says and calls, and of what comes back. sampling: settings of the
    draw, as `generate` takes them. The joined pieces that were said are the text that `generate` returns."""
    encoded, ends = encode_prompt(tokenizer, prompt), end_tokens(tokenizer)
    return pieces(tokenizer, _tokens(_one_row(model, tokenizer, encoded, Sampling(**sampling), seed, tools, ends)))


def _one_row(
    model: GPT, tokenizer: "Tokenizer", ids: Array, rule: Sampling, seed: Seed, tools: Toolbox | None,
    ends: tuple[int, ...], stops: StopTexts | None = None,
) -> Engine:  # fmt: skip
    """An engine that completes one prompt."""
    vocabulary = known_tokens(model, tokenizer)
    capacity, _ = check_prompts(model, [ids], rule, 1, tools)
    finish = stops if stops is not None and stops.texts else None
    engine = Engine(model, rule, ends, 1, capacity, vocabulary, tools=tools, finish=finish)
    engine.add([Row(ids, 0, 0, row_stream(seed, 0, 0))])
    return engine


def _tokens(engine: Engine) -> Iterator[tuple[int, bool]]:
    """The tokens of the engine's one row, as they are drawn or put there: (id, forced)."""
    seen = 0
    while engine.busy:
        engine.step()
        count = int(engine.counts[0])
        yield from zip(engine.ids[0, seen:count].tolist(), engine.forced[0, seen:count].tolist(), strict=True)
        seen = count


def _texts(engine: Engine, tokenizer: "Tokenizer") -> Iterator[str]:
    """What each token of the engine's one row adds to the text."""
    decoder = tokenizer.stream_decoder(skip_special=True)
    for token, _ in _tokens(engine):
        piece = decoder.push(token)
        if piece:
            yield piece
    rest = decoder.finish()
    if rest:
        yield rest
