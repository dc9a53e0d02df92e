"""Generation: many rows at once, each at its own place in its own text.

The engine has a fixed number of slots, a row of the KV cache each, and further rows for prompts. A prompt's keys and
values are computed once, and all its samples read them there. From then on one call of the model gives every row in
work its next token. A row that ends gives its slot back at once, and the next prompts move in as soon as there is room
for a group of them ("continuous batching", Yu et al. 2022, Orca, section 3).

With tools (minirl/tools), a row that ends a call gets the result's tokens at once. The next call of the model reads all
of them, together with the last token of each other row, and the row draws on.

Prompts that begin alike, with the same worked examples say, have that beginning computed once and copied
(`beginning`).

Nothing a row receives depends on the rows around it: not its random numbers, and not the arithmetic of its tokens, but
for the rounding where a beginning is computed apart from the rest.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import compress

import numpy as np

from minirl.autograd import Array
from minirl.generate.sampling import Sampling, draw
from minirl.model import GPT, KVCache
from minirl.tools import Toolbox, Turn

PREFILL_TOKENS = 4096  # prompts are computed together, up to this many tokens with padding


@dataclass
class Row:
    """One sample of a prompt. ids and log_probs are filled in when it ends."""

    prompt: Array  # (P,) int32
    problem: int
    sample: int
    stream: np.random.Generator
    ids: Array = field(default_factory=lambda: np.zeros(0, np.int32))  # (n,), the end token and results included
    log_probs: Array = field(
        default_factory=lambda: np.zeros(0, np.float32)
    )  # (n,), log pi(id) at each step's temperature, before penalties and cuts; at temperature 1 where that is 0
    forced: Array = field(default_factory=lambda: np.zeros(0, bool))  # (n,): a tool's result; its log_probs are 0
    finished: bool = False  # True: ended with the end token. False: a limit, a stop or a misplaced mark cut it off
    written: int = 0  # how many of the prompt's last tokens the model wrote itself: schedules and penalties count them


class Engine:
    """Feed it prompts with `add`, call `step` while `busy`.

    engine = Engine(model, Sampling(max_new_tokens=40), end, slots=256, capacity=80)
    engine.add([Row(prompt, 0, sample, row_stream(seed, 0, sample)) for sample in range(8)])
    while engine.busy:
        for row in engine.step():
            print(row.ids)
    """

    def __init__(
        self,
        model: GPT,
        sampling: Sampling,
        end: int | Iterable[int] | None,
        slots: int,
        capacity: int,
        vocabulary: int | None = None,
        stop: Callable[[Array], bool] | None = None,
        tools: Toolbox | None = None,
        finish: Callable[[Array], bool] | None = None,
        beginning: Array | None = None,
    ) -> None:
        """end: the token that ends a row, or several. slots: the number of rows computed at once. capacity: the most
        tokens that the cache holds for a row: the prompt, and the completion without its last token. At most the
        context length. vocabulary: only ids below it are drawn; by default all of the model's. stop: given the ids that
        a row has drawn so far, says whether it stops here, though it is not finished. finish: the same, and the row is
        then finished. tools: what rows may call; without any, the marks of calls are tokens like others.
        beginning: the first ids of all prompts, which are computed once; each prompt must have more."""
        self.stop, self.finish, self.tools = stop, finish, tools
        self.model, self.sampling = model, sampling
        self.ends = np.zeros(model.config.vocab_size, bool)  # (V,): which tokens end a row
        self.ends[[] if end is None else [end] if isinstance(end, int | np.integer) else list(end)] = True
        self.vocabulary = model.config.vocab_size if vocabulary is None else vocabulary
        self.slots, self.capacity = slots, capacity
        self.cache = KVCache(  # one half of the rows is for prompts; unused rows cost nothing
            model.config, 2 * slots + 1, capacity if tools is None else min(1 + 2 * capacity // 3, capacity)
        )  # few rows get as many results as they may: the cache grows when one does
        self.beginning = np.zeros(0, np.int32) if beginning is None else beginning  # held by the cache's last row
        self.waiting: deque[list[Row]] = deque()
        self.rows: list[Row] = []  # the rows being computed
        self.at = np.zeros(0, np.int32)  # row self.rows[i] is in slot self.at[i] ...
        self.prefixes = np.zeros(0, np.int32)  # ... and its prompt in row self.prefixes[i] of the cache, -1: in its own
        self.free = list(range(slots))[::-1]  # slots
        self.prompt_rows = list(range(slots, 2 * slots))[::-1]  # rows of the cache that are free for prompts
        longest = min(sampling.max_new_tokens, capacity)  # of a prompt of one token
        with_results = longest if tools is None else min(longest + tools.most_forced(longest), capacity)
        self.ids = np.zeros((slots, with_results), np.int32)
        self.log_probs = np.zeros((slots, with_results), np.float32)
        self.forced = np.zeros((slots, with_results), bool)
        self.uniforms = np.zeros((slots, longest))
        self.counts = np.zeros(slots, np.int64)  # tokens of the row after its prompt
        self.given = np.zeros(slots, np.int64)  # of these, forced ones; all others were drawn
        self.unread = np.ones(slots, np.int32)  # the last tokens of the row, which the model has not read yet
        self.turns: dict[int, Turn] = {}  # what each row has called
        self.over = np.zeros(slots, bool)  # rows that end unfinished, because of a mark or for want of room
        self.before = np.zeros(slots, np.int64)  # tokens that the row had written before it came here
        self.tails: dict[int, Array] = {}  # these tokens, where penalties need them
        self.limits = np.zeros(slots, np.int64)  # drawn tokens at which the row is cut off
        self.rooms = np.zeros(slots, np.int64)  # and tokens in all, because the model could not read more
        self.last = np.zeros(slots, np.int32)  # the token that each row has drawn last

    @property
    def busy(self) -> bool:
        """Whether any row is being generated or waits."""
        return bool(self.rows or self.waiting)

    def add(self, rows: Sequence[Row]) -> None:
        """Queue rows that share one prompt. Raises ValueError for an empty or too long prompt."""
        P = len(rows[0].prompt)
        if not 1 <= P <= self.capacity:
            raise ValueError(
                f"Engine.add: the prompt has {P} tokens; expected 1 to {self.capacity}; the model's context length is "
                f"{self.model.config.context_length}"
            )
        for start in range(0, len(rows), self.slots):  # more samples than slots take turns
            self.waiting.append(list(rows[start : start + self.slots]))

    def step(self) -> list[Row]:
        """Start the next prompts if there is room, otherwise draw a token for every row; return the rows that ended."""
        with without_dropout(self.model):
            group = self._next_group()
            first, drawing = 0, self.at
            if group:
                first = len(self.rows)
                logits = self._start(group)
                drawing = self.at[first:]
            else:
                logits = self._read(*self._unread(), self.at, self.prefixes)
        if len(drawing):
            self._draw(logits, drawing)
        if self.tools is not None:
            self._call_tools(self.tools, drawing)
        return self._release(first)

    def _next_group(self) -> list[list[Row]]:
        """The prompts to start now. A start costs one call of the model, so it waits until a quarter of the slots are
        free."""
        free = self.slots - len(self.rows)
        group: list[list[Row]] = []
        if self.rows and free < self.slots // 4:
            return group
        longest = 0
        while self.waiting and len(self.waiting[0]) <= free:
            longest = max(longest, len(self.waiting[0][0].prompt) - len(self.beginning))
            if group and longest * (len(group) + 1) > PREFILL_TOKENS:
                break
            free -= len(self.waiting[0])
            group.append(self.waiting.popleft())
        return group

    def _start(self, group: list[list[Row]]) -> Array:
        """Compute each prompt once for all of its samples; return the samples' logits (rows, V)."""
        begun = len(self.beginning)
        lengths = np.array([len(rows[0].prompt) for rows in group], np.int32)
        rests = np.zeros((len(group), lengths.max() - begun), np.int32)
        for padded, rows in zip(rests, group, strict=True):
            padded[: len(rows[0].prompt) - begun] = rows[0].prompt[begun:]
        counts = np.array([len(rows) for rows in group])
        slots = np.array([self.free.pop() for _ in range(counts.sum())], np.int32)
        held_by = slots[np.cumsum(counts) - counts]  # a single sample continues in the row of its prompt
        held_by[counts > 1] = [self.prompt_rows.pop() for _ in range((counts > 1).sum())]
        if begun:
            self._begin(held_by)
        logits = self._read(rests, lengths - np.int32(begun), held_by)

        source = np.repeat(np.arange(len(group)), counts)
        self.rows += [row for rows in group for row in rows]
        self.at = np.concatenate([self.at, slots])
        self.prefixes = np.concatenate([self.prefixes, np.where(counts > 1, held_by, np.int32(-1))[source]])
        self.counts[slots] = self.given[slots] = 0
        self.before[slots] = [row.written for row in self.rows[-len(slots) :]]
        most = self.sampling.max_new_tokens - self.before[slots]
        self.rooms[slots] = self.capacity - lengths[source] + 1  # the last token is never read
        self.limits[slots] = np.minimum(most, self.rooms[slots])
        for slot, row in zip(slots, self.rows[-len(slots) :], strict=True):
            self.uniforms[slot, : self.limits[slot]] = row.stream.random(self.limits[slot])
            if self.sampling.looks_back:
                self.tails[int(slot)] = row.prompt[len(row.prompt) - row.written :]
            if self.tools is not None:
                self.turns[int(slot)] = self.tools.turn()
                self.over[slot], self.forced[slot], self.log_probs[slot] = False, False, 0
        return logits[source]

    def _begin(self, rows: Array) -> None:
        """Let these rows of the cache hold the beginning of all prompts, which is computed the first time."""
        last = np.array([2 * self.slots], np.int32)
        if not self.cache.held[last[0]]:
            self._read(self.beginning[None], np.array([len(self.beginning)], np.int32), last)
        self.cache.copy(np.repeat(last, len(rows)), rows)

    def _draw(self, logits: Array, slots: Array) -> None:
        """Draw the next token of the rows in these slots."""
        counts = self.counts[slots]
        written = None
        if self.sampling.looks_back:
            rows = zip(slots.tolist(), counts.tolist(), strict=True)
            written = [
                np.concatenate([self.tails[slot], self.ids[slot, :count][~self.forced[slot, :count]]])
                for slot, count in rows
            ]
        drawn = counts - self.given[slots]
        uniforms, steps = self.uniforms[slots, drawn], drawn + self.before[slots]
        ids, log_probs = draw(logits, uniforms, self.sampling, self.vocabulary, steps, written)
        self.ids[slots, counts], self.log_probs[slots, counts] = ids, log_probs
        self.last[slots] = ids
        self.counts[slots] += 1
        self.unread[slots] = 1

    def _read(self, ids: Array, lengths: Array, rows: Array, prefixes: Array | None = None) -> Array:
        """Let the model read these tokens of these rows of the cache; return the logits (B, V) that follow."""
        if self.cache.capacity < self.capacity:
            needed = int((self.cache.held[rows] + lengths).max())
            if needed > self.cache.capacity:
                self.cache.grow(min(max(needed, self.cache.capacity * 5 // 4), self.capacity))
        return self.model.extend(ids, self.cache.at(rows, prefixes), lengths)

    def _unread(self) -> tuple[Array, Array]:
        """What the model has not read yet of the rows in work: ids (B, T), and how many (B,) of them count."""
        lengths = self.unread[self.at]
        counts = self.counts[self.at, None]
        places = counts - lengths[:, None] + np.arange(lengths.max())
        return self.ids[self.at[:, None], np.minimum(places, counts - 1)], lengths

    def _call_tools(self, tools: Toolbox, slots: Array) -> None:
        """See to the rows in these slots that have just drawn a mark: append a result, or end a row that misuses it."""
        for slot in slots[tools.watched[self.last[slots]]].tolist():
            n = self.counts[slot]
            room = self.rooms[slot] - n - 1 if n - self.given[slot] < self.limits[slot] else 0
            result = self.turns[slot].heed(self.ids[slot, :n], room)
            if result is None:
                self.over[slot] = True
            elif len(result):
                there = slice(n, n + len(result))
                self.ids[slot, there], self.forced[slot, there] = result, True
                self.counts[slot] += len(result)
                self.given[slot] += len(result)
                self.unread[slot] += len(result)

    def _release(self, first: int) -> list[Row]:
        """Remove and return the rows that have ended, looking at row number `first` and later. The others keep their
        order, so that samples of one prompt stay side by side."""
        counts = self.counts[self.at]
        ended = (counts - self.given[self.at] == self.limits[self.at]) | (counts == self.rooms[self.at])
        ended |= self.over[self.at]
        finished = self.ends[self.last[self.at]] & ~self.over[self.at]
        ended |= finished
        ended[:first] = False
        if self.finish is not None:
            for number in range(first, len(self.at)):
                written = self.ids[self.at[number], : self.counts[self.at[number]]]
                if not finished[number] and self.finish(written):
                    finished[number] = ended[number] = True
        if self.stop is not None:
            for place in (np.flatnonzero(~ended[first:]) + first).tolist():
                slot = self.at[place]
                ended[place] = self.stop(self.ids[slot, : self.counts[slot]])
        if not ended.any():
            return []
        done = list(compress(self.rows, ended))
        for row, at, whole in zip(done, self.at[ended].tolist(), finished[ended].tolist(), strict=True):
            n = self.counts[at]
            row.ids, row.log_probs = self.ids[at, :n].copy(), self.log_probs[at, :n].copy()
            row.forced = self.forced[at, :n].copy()
            row.finished = whole
        left, shared = self.at[ended], np.unique(self.prefixes[ended])
        self.rows = list(compress(self.rows, ~ended))
        self.at, self.prefixes = self.at[~ended], self.prefixes[~ended]
        unread = shared[(shared >= 0) & ~np.isin(shared, self.prefixes)]
        self.free += left.tolist()
        self.prompt_rows += unread.tolist()
        self.cache.clear(np.concatenate([left, unread]))
        return done


@contextmanager
def without_dropout(model: GPT) -> Iterator[None]:
    """Switch dropout off inside, so that samples and log-probabilities come from the whole model.

    All blocks share the model's one Dropout, so its mode alone is changed, and put back afterwards.
    """
    training, model.dropout.training = model.dropout.training, False
    try:
        yield
    finally:
        model.dropout.training = training
