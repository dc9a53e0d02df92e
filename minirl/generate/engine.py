"""Generation: many rows at once, each at its own place in its own text.

The engine has a fixed number of slots, a row of the KV cache each, and further rows for prompts. A prompt's keys and
values are computed once, and all its samples read them there. From then on one call of the model gives every row in
work its next token. A row that ends gives its slot back at once, and the next prompts move in as soon as there is room
for a group of them ("continuous batching", Yu et al. 2022, Orca, section 3).

With tools (minirl/tools), a row that ends a call gets the result's tokens at once. The next call of the model reads all
of them, together with the last token of each other row, and the row draws on.

Prompts that begin alike, with the same worked examples say, have that beginning computed once and copied
(`beginning`).

In a server (minirl/serve) rows come one by one, each with settings of its own, and may be given up. There an engine is
eager: it starts a row as soon as there is a slot, and reads prompts in pieces, between the tokens of the others.

Nothing a row receives depends on the rows around it: not the arithmetic of its tokens, not its random numbers.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import compress

import numpy as np

from minirl.autograd import Array
from minirl.generate.sampling import MOST, Sampling, draw
from minirl.model import GPT, KVCache
from minirl.model.cache import FEW
from minirl.tools import Toolbox, Turn

PREFILL_TOKENS = 4096  # prompts are computed together, up to this many tokens with padding
PIECE = 128  # tokens of prompts that an eager engine reads between two tokens of the rows in work
NO_IDS, NOT_FORCED = np.zeros(0, np.int32), np.zeros(0, bool)

Watch = Callable[[list["Row"], Array, Array], None]
"""Called after each draw: the rows that drew, the logits (N, V) that they drew from, and what they drew, (N,)."""


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
    written: Array = field(default_factory=lambda: NO_IDS)  # what of the prompt the model chose itself, in order:
    # schedules, penalties and max_new_tokens count it

    # What a row may have of its own; otherwise it has what the engine has
    sampling: Sampling | None = None
    finish: Callable[[Array], bool] | None = None  # given the ids that the row has drawn so far
    turn: Turn | None = None  # the tools that it may call, and what it has called so far; it is kept up to date
    begun: Array = field(default_factory=lambda: NO_IDS)  # (k,): the row goes on from these ids, as if just written
    begun_forced: Array = field(default_factory=lambda: NOT_FORCED)  # (k,): which of them a tool gave


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
        eager: bool = False,
        watch: Watch | None = None,
        beginning: Array | None = None,
    ) -> None:
        """end: the token that ends a row, or several. slots: the number of rows computed at once. capacity: the most
        tokens that the cache holds for a row: the prompt, and the completion without its last token. At most the
        context length. vocabulary: only ids below it are drawn; by default all of the model's. stop: given the ids that
        a row has drawn so far, says whether it stops here, though it is not finished. finish: the same, and the row is
        then finished. tools: what rows may call; without any, the marks of calls are tokens like others. eager: start
        each row as soon as a slot is free, at the cost of more calls of the model; otherwise a start waits for several.
        watch: hears of every token that is drawn. beginning: the first ids of all prompts, which are computed once;
        each prompt must have more."""
        self.stop, self.finish, self.tools, self.eager, self.watch = stop, finish, tools, eager, watch
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
        self.starting: list[Start] = []  # prompts that are being read
        self.read_last = False  # whether the last step read prompts, while rows were in work
        self.rules: dict[int, Sampling] = {}  # of the slots whose rows have settings of their own
        self.finishing = finish is not None  # whether any row may have a `finish`
        self.watched = None if tools is None else tools.watched  # the tokens that a Turn has to hear of
        self.rows: list[Row] = []  # the rows being computed
        self.at = np.zeros(0, np.int32)  # row self.rows[i] is in slot self.at[i] ...
        self.prefixes = np.zeros(0, np.int32)  # ... and its prompt in row self.prefixes[i] of the cache, -1: in its own
        self.free = list(range(slots))[::-1]  # slots
        self.prompt_rows = list(range(slots, 2 * slots))[::-1]  # rows of the cache that are free for prompts
        longest = min(sampling.max_new_tokens, capacity)  # of a prompt of one token
        with_results = capacity  # of an eager engine, whose rows may come with tools of their own
        if not eager:
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
        return bool(self.rows or self.starting or self.waiting)

    def add(self, rows: Sequence[Row]) -> None:
        """Queue rows that share one prompt. Raises ValueError for an empty or too long prompt, and for a row that goes
        on from ids after which there is no room."""
        P = len(rows[0].prompt)
        if not 1 <= P <= self.capacity:
            raise ValueError(
                f"Engine.add: the prompt has {P} tokens; expected 1 to {self.capacity}; the model's context length is "
                f"{self.model.config.context_length}"
            )
        self.finishing |= any(row.finish is not None for row in rows)
        for row in rows:
            drawn, room = int((~row.begun_forced).sum()), min(self.capacity - P + 1, self.ids.shape[1])
            if len(row.begun) and not (drawn < self._rule(row).max_new_tokens and len(row.begun) < room):
                raise ValueError(
                    f"Engine.add: a row goes on from {len(row.begun)} ids, {drawn} of them drawn; expected fewer than "
                    f"{room} ids, and fewer drawn ones than max_new_tokens, {self._rule(row).max_new_tokens}"
                )
        for start in range(0, len(rows), self.slots):  # more samples than slots take turns
            self.waiting.append(list(rows[start : start + self.slots]))

    def step(self) -> list[Row]:
        """Start the next prompts if there is room, otherwise draw a token for every row; return the rows that ended."""
        with without_dropout(self.model):
            self.starting += self._next_starts()
            first, drawing = 0, self.at
            self.read_last = bool(self.starting) and not (self.eager and self.read_last and self.rows)
            if self.read_last:
                first = len(self.rows)
                logits = self._start()
                drawing = self.at[first:]
            else:
                logits = self._read(*self._unread(), self.at, self.prefixes)
        if len(drawing):
            self._draw(logits, drawing)
            if self.watch is not None:
                self.watch(self.rows[first:], logits, self.last[drawing])
            self._call_tools(drawing)
        return self._release(first)

    def drop(self, rows: Iterable[Row]) -> None:
        """Give these rows up, wherever they are: their slots are free for the next step. Rows that have ended are
        passed over."""
        given_up = {id(row) for row in rows}
        left = ([row for row in group if id(row) not in given_up] for group in self.waiting)
        self.waiting = deque(group for group in left if group)
        for start in self.starting:
            gone = np.array([id(row) in given_up for row in start.rows])
            whole = gone.all() and start.held_by >= self.slots
            self._free(start.slots[gone], np.array([start.held_by] if whole else [], np.int32))
            start.rows, start.slots = list(compress(start.rows, ~gone)), start.slots[~gone]
        self.starting = [start for start in self.starting if start.rows]
        self._remove(np.array([id(row) in given_up for row in self.rows], bool))

    def _next_starts(self) -> "list[Start]":
        """The prompts to start now. A start costs one call of the model, so it waits until a quarter of the slots are
        free, unless the engine is eager."""
        starts: list[Start] = []
        if not self.eager and self.rows and len(self.free) < self.slots // 4:
            return starts
        longest = 0
        while self.waiting and len(self.waiting[0]) <= len(self.free):
            longest = max(longest, len(self.waiting[0][0].prompt) - len(self.beginning))
            if starts and not self.eager and longest * (len(starts) + 1) > PREFILL_TOKENS:
                break
            rows = self.waiting.popleft()
            slots = np.array([self.free.pop() for _ in rows], np.int32)
            starts.append(Start(rows, slots, int(slots[0]) if len(rows) == 1 else self.prompt_rows.pop()))
        return starts

    def _start(self) -> Array:
        """Compute each prompt once for all of its samples, or a piece of it; put the rows of those that are complete to
        work, and return their logits (rows, V)."""
        if len(self.beginning):
            self._begin([start for start in self.starting if not start.read])
        room = PIECE if self.rows else PREFILL_TOKENS
        reading, pieces = [], []
        for start in self.starting:
            unread = start.rows[0].prompt[start.read :]
            piece = unread[:room] if self.eager else unread
            if not len(piece):
                break  # no room for more prompts now
            reading.append(start)
            pieces.append(piece)
            room -= len(piece)
        ids, lengths = padded(pieces)
        held_by = np.array([start.held_by for start in reading], np.int32)
        in_pieces = self.eager or len(self.beginning)
        logits = self._read(ids, lengths, held_by, few=0 if in_pieces else FEW)
        for start, piece in zip(reading, pieces, strict=True):
            start.read += len(piece)
        read = [i for i, start in enumerate(reading) if start.read == len(start.rows[0].prompt)]
        done = [reading[i] for i in read]
        self.starting = [start for start in self.starting if start.read < len(start.rows[0].prompt)]
        if not done:
            return logits[:0]

        slots, counts = np.concatenate([start.slots for start in done]), [len(start.rows) for start in done]
        held_by, prompts = np.repeat(held_by[read], counts), [start.rows[0].prompt for start in done]
        rows = [row for start in done for row in start.rows]
        self.rows += rows
        self.at = np.concatenate([self.at, slots])
        self.prefixes = np.concatenate([self.prefixes, np.where(held_by < self.slots, np.int32(-1), held_by)])
        self.before[slots] = [len(row.written) for row in rows]
        most = np.array([self._rule(row).max_new_tokens for row in rows]) - self.before[slots]
        self.rooms[slots] = (
            self.capacity - np.repeat([len(prompt) for prompt in prompts], counts) + 1
        )  # the last is not read
        self.limits[slots] = np.minimum(most, self.rooms[slots]).clip(max=self.uniforms.shape[1])
        for slot, row in zip(slots.tolist(), rows, strict=True):
            self._take(slot, row)
        logits = logits[np.repeat(read, counts)]
        begun = np.flatnonzero([len(row.begun) for row in rows])
        if len(begun):  # read one by one, as the tokens that they go on from were
            ids, lengths = padded([rows[i].begun for i in begun])
            prefixes = self.prefixes[len(self.prefixes) - len(rows) :][begun]
            logits[begun] = self._read(ids, lengths, slots[begun], prefixes, few=MOST)
        return logits

    def _take(self, slot: int, row: Row) -> None:
        """Set up the slot for this row."""
        k = len(row.begun)
        self.counts[slot], self.given[slot], self.over[slot] = k, row.begun_forced.sum(), False
        self.forced[slot], self.log_probs[slot] = False, 0
        self.ids[slot, :k], self.forced[slot, :k] = row.begun, row.begun_forced
        self.uniforms[slot, : self.limits[slot]] = row.stream.random(self.limits[slot])
        rule = self._rule(row)
        if rule.looks_back:
            self.tails[slot] = row.written
        if row.sampling is not None:
            self.rules[slot] = replace(rule, max_new_tokens=1)  # so that rows which differ in it draw together
        turn = self.tools.turn() if row.turn is None and self.tools is not None else row.turn
        if turn is not None:
            self.turns[slot], self.watched = turn, turn.box.watched

    def _rule(self, row: Row) -> Sampling:
        return self.sampling if row.sampling is None else row.sampling

    def _begin(self, starts: "Sequence[Start]") -> None:
        """Copy the beginning of all prompts into the cache's rows of these. It is computed the first time."""
        if not starts:
            return
        last = np.array([2 * self.slots], np.int32)
        if not self.cache.held[last[0]]:
            self._read(self.beginning[None], np.array([len(self.beginning)], np.int32), last, few=0)
        self.cache.copy(np.repeat(last, len(starts)), np.array([start.held_by for start in starts], np.int32))
        for start in starts:
            start.read = len(self.beginning)

    def _draw(self, logits: Array, slots: Array) -> None:
        """Draw the next token of the rows in these slots."""
        counts = self.counts[slots]
        drawn = counts - self.given[slots]
        uniforms, steps = self.uniforms[slots, drawn], drawn + self.before[slots]
        ids, log_probs = np.empty(len(slots), np.int32), np.empty(len(slots), np.float32)
        for rule, some in self._by_rule(slots):
            written = None
            if rule.looks_back:
                rows = zip(slots[some].tolist(), counts[some].tolist(), strict=True)
                written = [
                    np.concatenate([self.tails[slot], self.ids[slot, :count][~self.forced[slot, :count]]])
                    for slot, count in rows
                ]
            ids[some], log_probs[some] = draw(logits[some], uniforms[some], rule, self.vocabulary, steps[some], written)
        self.ids[slots, counts], self.log_probs[slots, counts] = ids, log_probs
        self.last[slots] = ids
        self.counts[slots] += 1
        self.unread[slots] = 1

    def _by_rule(self, slots: Array) -> "list[tuple[Sampling, slice | list[int]]]":
        """The places of the rows that draw by the same settings, for each of these settings."""
        if not self.rules:
            return [(self.sampling, slice(None))]
        places: dict[Sampling, list[int]] = {}
        for place, slot in enumerate(slots.tolist()):
            places.setdefault(self.rules.get(slot, self.sampling), []).append(place)
        return [(rule, slice(None) if len(some) == len(slots) else some) for rule, some in places.items()]

    def _read(self, ids: Array, lengths: Array, rows: Array, prefixes: Array | None = None, few: int = FEW) -> Array:
        """Let the model read these tokens of these rows of the cache; return the logits (B, V) that follow."""
        if self.cache.capacity < self.capacity:
            needed = int((self.cache.held[rows] + lengths).max())
            if needed > self.cache.capacity:
                self.cache.grow(min(max(needed, self.cache.capacity * 5 // 4), self.capacity))
        return self.model.extend(ids, self.cache.at(rows, prefixes, few), lengths)

    def _unread(self) -> tuple[Array, Array]:
        """What the model has not read yet of the rows in work: ids (B, T), and how many (B,) of them count."""
        lengths = self.unread[self.at]
        counts = self.counts[self.at, None]
        places = counts - lengths[:, None] + np.arange(lengths.max())
        return self.ids[self.at[:, None], np.minimum(places, counts - 1)], lengths

    def _call_tools(self, slots: Array) -> None:
        """See to the rows in these slots that have just drawn a mark: append a result, or end a row that misuses it."""
        if self.watched is None:
            return
        for slot in slots[self.watched[self.last[slots]]].tolist():
            if slot not in self.turns:
                continue
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
        if self.finishing:
            for number in range(first, len(self.at)):
                finish = self.rows[number].finish or self.finish
                if finish is not None and not finished[number] and finish(self._drawn_by(self.at[number])):
                    finished[number] = ended[number] = True
        if self.stop is not None:
            for place in (np.flatnonzero(~ended[first:]) + first).tolist():
                slot = self.at[place]
                turn = self.turns.get(int(slot))
                calling = turn is not None and turn.begun is not None  # nothing stops inside a call
                ended[place] = not calling and self.stop(self.ids[slot, : self.counts[slot]])
        if not ended.any():
            return []
        done = list(compress(self.rows, ended))
        for row, at, whole in zip(done, self.at[ended].tolist(), finished[ended].tolist(), strict=True):
            n = self.counts[at]
            row.ids, row.log_probs = self.ids[at, :n].copy(), self.log_probs[at, :n].copy()
            row.forced = self.forced[at, :n].copy()
            row.finished = whole
        self._remove(ended)
        return done

    def _drawn_by(self, slot: int) -> Array:
        """The ids that the row in this slot has drawn."""
        ids, forced = (table[slot, : self.counts[slot]] for table in (self.ids, self.forced))
        return ids[~forced] if self.given[slot] else ids

    def _remove(self, gone: Array) -> None:
        """Take these of the rows in work away. gone: (rows,) bool."""
        if not gone.any():
            return
        slots, shared = self.at[gone], np.unique(self.prefixes[gone])
        self.rows = list(compress(self.rows, ~gone))
        self.at, self.prefixes = self.at[~gone], self.prefixes[~gone]
        self._free(slots, shared[(shared >= 0) & ~np.isin(shared, self.prefixes)])

    def _free(self, slots: Array, prompt_rows: Array) -> None:
        self.free += slots.tolist()
        self.prompt_rows += prompt_rows.tolist()
        self.cache.clear(np.concatenate([slots, prompt_rows]))
        for slot in slots.tolist():
            for of_rows in (self.rules, self.turns, self.tails):
                of_rows.pop(slot, None)


@dataclass
class Start:
    """A prompt that is being read, for its samples. held_by: the row of the cache that holds it; a single sample
    continues in that row, and several have slots of their own."""

    rows: list[Row]
    slots: Array
    held_by: int
    read: int = 0  # tokens of the prompt


def padded(pieces: Sequence[Array]) -> tuple[Array, Array]:
    """Rows of ids, filled up with zeros: (B, T), and their lengths (B,)."""
    lengths = np.array([len(piece) for piece in pieces], np.int32)
    ids = np.zeros((len(pieces), lengths.max()), np.int32)
    for row, piece in zip(ids, pieces, strict=True):
        row[: len(piece)] = piece
    return ids, lengths


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
