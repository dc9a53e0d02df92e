r"""Beam search: the most likely whole answers, instead of the most likely next token.

Greedy decoding can take a likely first token that only unlikely answers continue. Beam search keeps the W most likely
beginnings ("beams") and extends all of them. Each step,

- every live beam is extended by every token; the extensions are sorted by s, their log-probability at temperature 1
- the best 2 W are walked: an end token among the first W makes a finished hypothesis, and any other token a live beam,
  until there are W live beams
- of the finished hypotheses the W with the best score are kept

The length penalty. s only falls as tokens are added, so comparing s alone prefers short answers. A finished hypothesis
of L generated tokens, the end token included and the prompt not, has the score

    power    s / L^alpha
    gnmt     s / ((5 + L) / 6)^alpha        (Wu et al. 2016, equation 14)

Both forms have the same sign: s is negative, so a larger divisor brings the score closer to 0. alpha > 0 therefore
favours long answers, alpha = 0 compares s itself, alpha < 0 favours short ones. The name "penalty" misleads: a positive
alpha is a bonus for length. power with alpha = 1 is the mean log-probability of a token; gnmt changes more gently,
because the 5 hides the differences between very short answers.

The search stops when no live beam can beat any of W finished hypotheses. The test is exact: at best a live beam loses
no more probability, and ends at the length that suits it best, which is the limit for alpha >= 0 and the next token for
alpha < 0. Judging it by its present length, as many libraries do by default, stops too early and misses better answers.

A hypothesis that a limit cut off ranks below all that ended, whatever its score: its answer is incomplete.

With tools (minirl/tools), a beam that ends a call gets the result's tokens at once. They were not chosen, so they add
nothing to s and nothing to L. A beam that misuses a mark is cut off there.

A wider beam is not always better for a single search: an early beginning may crowd another out. With W >= V^T for
answers of up to T tokens nothing is ever crowded out, and the result is that of trying every answer.
"""

import copy
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.functional.arguments import token_ids
from minirl.generate.engine import PREFILL_TOKENS, without_dropout
from minirl.generate.prompts import Ids, Prompt, encode_prompt, end_tokens, known_tokens, listed
from minirl.generate.sampling import MOST, most_likely, whole
from minirl.generate.text import Completion
from minirl.model import GPT, KVCache
from minirl.tools import Toolbox, Turn, said

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

FORMS = ("gnmt", "power")


@dataclass(frozen=True)
class Beams:
    """How wide to search, and how to compare answers of different length. Raises ValueError for other settings."""

    width: int = 4
    """W: how many beginnings are kept; 1 with alpha 0 is greedy decoding."""
    penalty: Literal["gnmt", "power"] = "gnmt"
    """The form of the length penalty; see the top of beam.py."""
    alpha: float = 0.6
    """Its strength: above 0 favours long answers, below 0 short ones, 0 compares log-probabilities alone."""
    max_new_tokens: int = 256
    """A beam that has not ended after this many tokens is cut off."""

    def __post_init__(self) -> None:
        for name in ("width", "max_new_tokens"):
            object.__setattr__(self, name, min(whole(name, getattr(self, name), 1), MOST))
        if self.penalty not in FORMS:
            raise ValueError(f"Beams: penalty is {self.penalty!r}; expected one of {', '.join(FORMS)}")
        if not -10 <= self.alpha <= 10:
            raise ValueError(f"Beams: alpha is {self.alpha}; expected a number from -10 to 10; 0.6 is usual")

    def score(self, log_prob: float, length: int) -> float:
        """The score of a hypothesis of `length` tokens with this log-probability; higher is better."""
        base = length if self.penalty == "power" else (5 + length) / 6
        return float(log_prob / base**self.alpha)

    def best_possible(self, log_prob: float, length: int, longest: int) -> float:
        """The highest score that a live beam of `length` tokens can still reach, ending with at most `longest`."""
        return self.score(log_prob, longest if self.alpha >= 0 else length + 1)


@dataclass(frozen=True)
class Hypothesis(Completion):
    """An answer that beam search found. Its log_probs are at temperature 1."""

    score: float
    """Its log-probability after the length penalty."""
    spent: int
    """How many tokens the whole search for this prompt generated, in all of its beams: what it cost. As with a sample,
    a token is one distribution of the model, from which one goes on."""


@dataclass
class Found:
    """A hypothesis as token ids."""

    ids: list[int]
    log_probs: list[float]
    forced: list[bool]
    score: float
    finished: bool
    spent: int = 0

    @property
    def rank(self) -> tuple[bool, float]:
        """Sorts the best first: those that ended, by score, then those that were cut off."""
        return not self.finished, -self.score


def beam_search(
    model: GPT,
    tokenizer: "Tokenizer",
    prompts: Prompt | Iterable[Prompt],
    *,
    width: int = 4,
    penalty: Literal["gnmt", "power"] = "gnmt",
    alpha: float = 0.6,
    max_new_tokens: int = 256,
    slots: int = 256,
    tools: Toolbox | None = None,
) -> Iterator[list[Hypothesis]]:
    """Search for the most likely completions of each prompt; yield at most `width` hypotheses a prompt, the best first.

    A single text is one prompt. The result depends neither on the other prompts nor on `slots`, the number of rows
    computed at once. tools: what the model may call. It raises what `generate` raises, and ValueError for settings out
    of range.
    """
    rule, vocabulary = Beams(width, penalty, alpha, max_new_tokens), known_tokens(model, tokenizer)
    encoded = [encode_prompt(tokenizer, prompt) for prompt in listed(prompts)]
    found = beam_search_ids(
        model, encoded, rule, end_tokens(tokenizer), slots=slots, vocabulary=vocabulary, tools=tools
    )
    return (
        [_hypothesis(one, prompt, tokenizer, tools) for one in hypotheses]
        for prompt, hypotheses in zip(encoded, found, strict=True)
    )


def _hypothesis(found: Found, prompt: Array, tokenizer: "Tokenizer", tools: Toolbox | None) -> Hypothesis:
    """What was found, with its text."""
    ids, forced = np.array(found.ids, np.int32), np.array(found.forced, bool)
    text = tokenizer.decode(ids, skip_special=True) if tools is None else said(tokenizer, ids, forced)
    log_probs = np.array(found.log_probs, np.float32)
    return Hypothesis(prompt, ids, log_probs, text, found.finished, forced, found.score, found.spent)


def beam_search_ids(
    model: GPT,
    prompts: Sequence[Ids],
    rule: Beams,
    end: int | Iterable[int],
    *,
    slots: int = 256,
    vocabulary: int | None = None,
    tools: Toolbox | None = None,
) -> Iterator[list[Found]]:
    """`beam_search` on token ids. end: the tokens that end an answer. vocabulary: only ids below it are searched.

    Raises IndexError for an id that the model does not have, ValueError for an empty prompt or one longer than the
    context.
    """
    config = model.config
    arrays = [token_ids("beam_search", f"prompt {i}", prompt, config.vocab_size) for i, prompt in enumerate(prompts)]
    for i, array in enumerate(arrays):
        if array.ndim != 1 or not 1 <= array.size <= config.context_length:
            raise ValueError(
                f"beam_search: prompt {i} has shape {array.shape}; expected 1 token or more, and at most the model's "
                f"context length, {config.context_length}"
            )
    known = config.vocab_size if vocabulary is None else min(vocabulary, config.vocab_size)
    ends = frozenset([end] if isinstance(end, int | np.integer) else end)
    return _search_all(model, arrays, rule, ends, max(whole("slots", slots, 1) // rule.width, 1), known, tools)


# ---- one prompt ----


@dataclass
class Live:
    """A beam that goes on."""

    ids: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    forced: list[bool] = field(default_factory=list)  # the results of tools; all other tokens were chosen
    total: float = 0.0  # s
    unread: int = 0  # its last tokens, which the model has not read yet
    turn: Turn | None = None  # what it has called

    def after(self, token: int, log_prob: float, total: float) -> "Live":
        """This beam and one more token."""
        written = [*self.ids, token], [*self.log_probs, log_prob], [*self.forced, False]
        return Live(*written, total, 1, copy.copy(self.turn))

    def read_result(self, result: Array) -> None:
        """Append what a tool gave back."""
        n = len(result)
        self.ids, self.unread = [*self.ids, *result.tolist()], self.unread + n
        self.log_probs, self.forced = [*self.log_probs, *[0.0] * n], [*self.forced, *[True] * n]


@dataclass
class Search:
    """The search for one prompt: its live beams, and what has ended."""

    number: int  # of the prompt
    prompt: Array
    rule: Beams
    ends: frozenset[int]
    longest: int  # chosen tokens at which a beam is cut off
    room: int  # and tokens in all, because the model could not read more
    rows: list[int]  # of the cache: rows[i] holds what beam i has written
    prompt_row: int
    tools: Toolbox | None = None
    live: list[Live] = field(default_factory=list)
    ended: list[Found] = field(default_factory=list)
    cut: list[Found] = field(default_factory=list)
    steps: int = 0  # L of every live beam: a step adds one token that no tool has given
    spent: int = 0  # tokens generated so far, in all beams

    def __post_init__(self) -> None:
        self.live = [Live(turn=None if self.tools is None else self.tools.turn())]

    def extend(self, ids: Array, log_probs: Array) -> list[int]:
        """Take one step; return the number of the beam that each new live beam continues.

        ids, log_probs: (beams, K), the K = 2 W (or all) most likely next tokens of each live beam, the best first.
        """
        W = self.rule.width
        self.spent += len(self.live)
        self.steps += 1
        before = np.array([beam.total for beam in self.live])
        s = before[:, None] + log_probs
        order = np.argsort(-s, axis=None, kind="stable")[: 2 * W]
        parents: list[int] = []
        live: list[Live] = []
        for rank, (beam, place) in enumerate(zip(*np.unravel_index(order, s.shape), strict=True)):
            token, chance, total = int(ids[beam, place]), float(log_probs[beam, place]), float(s[beam, place])
            ends = token in self.ends
            if rank >= W if ends else len(live) == W:
                continue
            longer = self.live[beam].after(token, chance, total)
            if not self.heed(longer):
                self.cut.append(self.found(longer, finished=False))
            elif ends:
                self.ended.append(self.found(longer, finished=True))
            elif self.steps == self.longest or len(longer.ids) == self.room:
                self.cut.append(self.found(longer, finished=False))
            else:
                parents.append(int(beam))
                live.append(longer)
        self.live = live
        self.ended = sorted(self.ended, key=lambda found: found.rank)[:W]
        return parents

    def heed(self, beam: Live) -> bool:
        """See to a mark that this beam has just written, and append the result of a call; whether it may go on."""
        if self.tools is None or beam.turn is None or not self.tools.watched[beam.ids[-1]]:
            return True
        room = self.room - len(beam.ids) - 1 if self.steps < self.longest else 0
        result = beam.turn.heed(np.array(beam.ids, np.int32), room)
        if result is not None and len(result):
            beam.read_result(result)
        return result is not None

    def found(self, beam: Live, *, finished: bool) -> Found:
        """A beam that goes no further."""
        score = self.rule.score(beam.total, self.steps)
        return Found(beam.ids, beam.log_probs, beam.forced, score, finished)

    @property
    def done(self) -> bool:
        """Whether no live beam can change the result any more."""
        if not self.live:
            return True
        if len(self.ended) < self.rule.width:
            return False
        likeliest = self.live[0]
        return self.rule.best_possible(likeliest.total, self.steps, self.longest) <= self.ended[-1].score

    def result(self) -> list[Found]:
        """The best hypotheses, those that were cut off last."""
        best = sorted(self.ended + self.cut, key=lambda found: found.rank)[: self.rule.width]
        return [replace(found, spent=self.spent) for found in best]


# ---- many prompts ----


def _search_all(
    model: GPT, prompts: Sequence[Array], rule: Beams, ends: frozenset[int], groups: int, vocabulary: int,
    tools: Toolbox | None,
) -> Iterator[list[Found]]:  # fmt: skip
    """The hypotheses of all prompts, in order. `groups` prompts are searched at once: each has W rows of the cache for
    its beams and one for the prompt, which all of its beams read there."""
    if not prompts:
        return
    context, W = model.config.context_length, rule.width
    groups = min(groups, len(prompts))
    longest_prompt = max(map(len, prompts))
    longest = min(rule.max_new_tokens, context)
    longest += tools.most_forced(longest) if tools else 0
    cache = KVCache(model.config, groups * (W + 1), min(max(longest_prompt, longest), context))
    together = max(PREFILL_TOKENS // longest_prompt, 1)  # prompts that are read in one call
    free = list(range(groups))[::-1]
    waiting = deque(enumerate(prompts))
    active: list[Search] = []
    ready: dict[int, list[Found]] = {}
    due = 0
    while active or waiting:
        starting: list[Search] = []
        room = len(free) if not active or 4 * len(free) >= groups else 0  # a start costs one call of the model
        for _ in range(min(room, together, len(waiting))):
            number, prompt = waiting.popleft()
            group = free.pop()
            rows = [groups + W * group + beam for beam in range(W)]
            room = context - len(prompt) + 1
            most = min(rule.max_new_tokens, room)
            starting.append(Search(number, prompt, rule, ends, most, room, rows, group, tools))
        with without_dropout(model):
            logits = _read_prompts(model, cache, starting) if starting else _read_tokens(model, cache, active)
        _take_step(cache, starting or active, logits, vocabulary)
        active += starting
        for search in [search for search in active if search.done]:
            active.remove(search)
            ready[search.number] = search.result()
            cache.clear(np.array([search.prompt_row, *search.rows]))
            free.append(search.prompt_row)
        while due in ready:
            yield ready.pop(due)
            due += 1


def _read_prompts(model: GPT, cache: KVCache, starting: Sequence[Search]) -> Array:
    """The logits (searches, V) after each prompt: every search begins with one empty beam."""
    lengths = np.array([len(search.prompt) for search in starting], np.int32)
    padded = np.zeros((len(starting), lengths.max()), np.int32)
    for row, search in zip(padded, starting, strict=True):
        row[: len(search.prompt)] = search.prompt
    return model.extend(padded, cache.at(np.array([search.prompt_row for search in starting])), lengths)


def _read_tokens(model: GPT, cache: KVCache, active: Sequence[Search]) -> Array:
    """The logits (beams, V) after what each beam has written."""
    beams = [beam for search in active for beam in search.live]
    lengths = np.array([beam.unread for beam in beams], np.int32)
    unread = np.zeros((len(beams), lengths.max()), np.int32)
    for row, beam in zip(unread, beams, strict=True):
        row[: beam.unread] = beam.ids[-beam.unread :]
    rows = [row for search in active for row, _ in zip(search.rows, search.live, strict=False)]
    prefixes = [search.prompt_row for search in active for _ in search.live]
    return model.extend(unread, cache.at(np.array(rows), np.array(prefixes)), lengths)


def _take_step(cache: KVCache, searches: Sequence[Search], logits: Array, vocabulary: int) -> None:
    """Extend the beams of each search, and give every new beam a copy of what its parent holds in the cache."""
    log_probs = kernels.fetch(kernels.log_softmax(logits))[:, :vocabulary]
    best = most_likely(log_probs, 2 * searches[0].rule.width)
    likely = np.take_along_axis(log_probs, best, axis=1).astype(np.float64)
    sources, targets = [], []
    start = 0
    for search in searches:
        stop = start + len(search.live)
        first = not search.live[0].ids
        parents = search.extend(best[start:stop], likely[start:stop])
        start = stop
        if not first:  # after the prompt alone there is nothing to copy
            moved = [(search.rows[parent], row) for parent, row in zip(parents, search.rows, strict=False)]
            sources += [source for source, row in moved if source != row]
            targets += [row for source, row in moved if source != row]
    if targets:
        cache.copy(np.array(sources), np.array(targets))
