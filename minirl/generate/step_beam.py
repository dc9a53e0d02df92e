"""Step beams: beam search over sentences of reasoning, led by a judge instead of by likelihood.

A likely text is not a right one. Beams over tokens only find what the model already prefers. Here each beam is the
reasoning so far. It goes on by several sampled sentences, a judge scores every result, and the best W are kept:

    Roger has 5 balls. 2 cans of 3 is | 2 * 3 = 6.     kept
                                      | 2 * 3 = 5.     a false equation: dropped, before anything is built on it

The judge here is arithmetic: minus the number of false equations. It needs no training and no right answer. Any
function of the text may take its place, such as a model that was trained to judge steps. Where the judge sees no
difference, the mean log-probability of a token decides, because beams have different lengths.

With tools (minirl/tools), sentences may hold calls. The judge reads what the model said, and no sentence ends inside a
call.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl.autograd import Array
from minirl.generate.beam import Hypothesis
from minirl.generate.engine import Engine, Row
from minirl.generate.equations import true_equations
from minirl.generate.prompts import Prompt, encode_prompt, end_tokens, known_tokens, listed
from minirl.generate.sampling import Sampling, Seed, seed_words, stream_of, whole
from minirl.generate.text import check_prompts
from minirl.generate.vote import Judge
from minirl.model import GPT
from minirl.tools import Toolbox, Turn, said

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


def step_beams(
    model: GPT,
    tokenizer: "Tokenizer",
    prompts: Prompt | Iterable[Prompt],
    judge: Judge | Sequence[Judge] = true_equations,
    *,
    width: int = 4,
    branches: int = 4,
    max_new_tokens: int = 256,
    seed: Seed = 0,
    slots: int = 256,
    tools: Toolbox | None = None,
    **sampling: Any,
) -> Iterator[list[Hypothesis]]:
    """Search each prompt's completions sentence by sentence; yield at most `width` hypotheses a prompt, the best first:
    those that ended before those that were cut off, then by the judge, then by mean log-probability.

    judge: scores what was written after the prompt so far; higher is better. Judges that have to know the prompt are
    given as a list, one for each prompt. branches: sampled sentences of each beam. tools: what the model may call.
    sampling: settings of the draw, as `generate` takes them. A hypothesis's log_probs are what the draw recorded, its
    score is the judge's. The result depends neither on the other prompts nor on `slots`, the number of rows computed at
    once.

    Raises ValueError for settings out of range and for another number of judges, and what `generate` raises.
    """
    width, branches, words = whole("width", width, 1), whole("branches", branches, 1), seed_words(seed)
    rule, vocabulary = Sampling(max_new_tokens=max_new_tokens, **sampling), known_tokens(model, tokenizer)
    encoded = [encode_prompt(tokenizer, prompt) for prompt in listed(prompts)]
    judges = [judge] * len(encoded) if callable(judge) else list(judge)
    if len(judges) != len(encoded):
        raise ValueError(f"step_beams: there are {len(judges)} judges for {len(encoded)} prompts; give one for each")
    rows = max(len(encoded) * width * branches, 1)
    capacity, slots = check_prompts(model, encoded, rule, min(whole("slots", slots, 1), rows), tools)
    ends, stop = end_tokens(tokenizer), SentenceEnd(tokenizer)
    engine = Engine(model, rule, ends, slots, capacity, vocabulary, stop=stop, tools=tools)
    reader, searches = Reader(tokenizer, tools), []
    for number, prompt in enumerate(encoded):
        room = model.config.context_length - len(prompt) + 1
        longest = min(rule.max_new_tokens, room)
        searches.append(Search(number, prompt, longest, room, width, branches, words, reader))
    return _search_all(engine, searches, judges)


class Reader:
    """Reads texts from ids, and knows which tokens belong to tools."""

    def __init__(self, tokenizer: "Tokenizer", tools: Toolbox | None) -> None:
        self.tokenizer, self.tools = tokenizer, tools

    def text(self, ids: Sequence[int], forced: Sequence[bool]) -> str:
        """What the model said."""
        if self.tools is None:
            return self.tokenizer.decode(ids, skip_special=True)
        return said(self.tokenizer, np.array(ids, np.int32), np.array(forced, bool))

    def misused(self, row: Row) -> bool:
        """Whether a misplaced mark has ended this row: a mark that was drawn, and that nothing follows."""
        if self.tools is None or row.finished or not len(row.ids):
            return False
        return bool(self.tools.watched[row.ids[-1]] and not row.forced[-1])


def _search_all(engine: Engine, searches: Sequence["Search"], judges: Sequence[Judge]) -> Iterator[list[Hypothesis]]:
    """The hypotheses of all prompts, in order. Each search adds its next sentences as soon as its last ones are
    written, so that the engine always has many rows to work on."""
    ready: dict[int, list[Hypothesis]] = {}
    due = 0
    for search in searches:
        for group in search.next_rows():
            engine.add(group)
    while engine.busy:
        for row in engine.step():
            search = searches[row.problem]
            search.drawn.append(row)
            if len(search.drawn) < search.asked:
                continue  # others of its sentences are still being written
            search.keep_best(judges[search.number])
            groups = search.next_rows()
            for group in groups:
                engine.add(group)
            if not groups:
                ready[search.number] = search.result()
        while due in ready:
            yield ready.pop(due)
            due += 1


@dataclass
class Search:
    """The search for one prompt."""

    number: int  # of the prompt
    prompt: Array
    longest: int  # drawn tokens at which a beam is cut off
    room: int  # and tokens in all, because the model could not read more
    width: int
    branches: int
    words: tuple[int, ...]  # of the seed
    reader: Reader
    beams: list["Beam"] = field(default_factory=lambda: [Beam((), (), (), False, 0.0)])
    streams: int = 0  # sentences asked for so far: each has random numbers of its own
    asked: int = 0  # sentences of this step ...
    drawn: list[Row] = field(default_factory=list)  # ... and the ones that are written already
    spent: int = 0  # tokens generated so far, in all sentences

    @property
    def live(self) -> list["Beam"]:
        """The beams that go on."""
        return [beam for beam in self.beams if not self.closed(beam)]

    def closed(self, beam: "Beam") -> bool:
        """Whether it has ended or been cut off."""
        return beam.finished or beam.misused or len(beam.chosen) >= self.longest or len(beam.ids) >= self.room

    def next_rows(self) -> list[list[Row]]:
        """A group of rows for each live beam: the sentences to sample next."""
        groups = []
        for place, beam in enumerate(self.live):
            so_far = np.concatenate([self.prompt, np.array(beam.ids, np.int32)])
            first, chosen = place * self.branches, np.array(beam.chosen, np.int32)
            groups.append([
                Row(so_far, self.number, first + branch,
                    stream_of(self.words, self.number, self.streams + first + branch), written=chosen,
                    turn=self._turn(beam))
                for branch in range(self.branches)
            ])  # fmt: skip
        self.asked = len(groups) * self.branches
        self.streams += self.asked
        return groups

    def _turn(self, beam: "Beam") -> Turn | None:
        """What a sentence after this beam has called before it begins; each sentence goes on from its own copy."""
        if self.reader.tools is None:
            return None
        return self.reader.tools.turn() if beam.turn is None else copy.copy(beam.turn)

    def keep_best(self, judge: Judge) -> None:
        """Put each sentence behind its beam, and keep the best of all."""
        live = self.live
        found = {beam.ids: beam for beam in self.beams if self.closed(beam)}
        for row in sorted(self.drawn, key=lambda row: row.sample):
            longer = live[row.sample // self.branches].after(row, self.reader, judge)
            found.setdefault(longer.ids, longer)  # the same sentence twice is one beam
            self.spent += int((~row.forced).sum())
        self.beams = sorted(found.values(), key=lambda beam: beam.rank)[: self.width]
        self.drawn = []

    def result(self) -> list[Hypothesis]:
        """The hypotheses, the best first: the ones that were cut off last."""
        return [
            beam.hypothesis(self.prompt, self.reader, self.spent)
            for beam in sorted(self.beams, key=lambda beam: not beam.finished)  # and by rank within both
        ]


@dataclass(frozen=True)
class Beam:
    """What has been written after a prompt, up to the end of a sentence."""

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    forced: tuple[bool, ...]  # the results of tools; all other tokens were drawn
    finished: bool
    score: float
    misused: bool = False  # a misplaced mark has ended it
    turn: Turn | None = None  # what it has called

    @property
    def chosen(self) -> list[int]:
        """The tokens that were drawn."""
        return [token for token, given in zip(self.ids, self.forced, strict=True) if not given]

    @property
    def rank(self) -> tuple[float, float, tuple[int, ...]]:
        """Sorts the best first."""
        return -self.score, -sum(self.log_probs) / max(len(self.chosen), 1), self.ids

    def after(self, row: Row, reader: Reader, judge: Judge) -> "Beam":
        """This beam followed by what a row has drawn."""
        ids, forced = (*self.ids, *row.ids.tolist()), (*self.forced, *row.forced.tolist())
        log_probs, score = (*self.log_probs, *row.log_probs.tolist()), judge(reader.text(ids, forced))
        return Beam(ids, log_probs, forced, row.finished, score, reader.misused(row), row.turn)

    def hypothesis(self, prompt: Array, reader: Reader, spent: int) -> Hypothesis:
        """The beam as a result."""
        ids, forced = np.array(self.ids, np.int32), np.array(self.forced, bool)
        log_probs, text = np.array(self.log_probs, np.float32), reader.text(self.ids, self.forced)
        return Hypothesis(prompt, ids, log_probs, text, self.finished, forced, self.score, spent)


class SentenceEnd:
    """Whether the newest token of a row goes past the end of a sentence: a full stop and then space, or a new line.

    The first token of the next sentence belongs to the step, because only it tells the end of "6." from the beginning
    of "6.5".
    """

    def __init__(self, tokenizer: "Tokenizer") -> None:
        texts = [tokenizer.decode([token]) for token in range(tokenizer.vocab_size)]
        self.stops = np.array([text.endswith(".") for text in texts])
        self.opens = np.array([text[:1].isspace() for text in texts])
        self.both = np.array([". " in text or "\n" in text for text in texts])

    def __call__(self, ids: Array) -> bool:
        """ids: (n,), what the row has drawn, 1 token or more."""
        newest = int(ids[-1])
        return bool(self.both[newest] or (len(ids) > 1 and self.opens[newest] and self.stops[int(ids[-2])]))
