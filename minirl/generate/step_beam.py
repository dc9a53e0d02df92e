"""Step beams: beam search over sentences of reasoning, led by a judge instead of by likelihood.

A likely text is not a right one. Beams over tokens only find what the model already prefers. Here each beam is the
reasoning so far. It goes on by several sampled sentences, a judge scores every result, and the best W are kept:

    Roger has 5 balls. 2 cans of 3 is | 2 * 3 = 6.     kept
                                      | 2 * 3 = 5.     a false equation: dropped, before anything is built on it

The judge here is arithmetic: minus the number of false equations. It needs no training and no right answer. Any
function of the text may take its place, such as a model that was trained to judge steps. Where the judge sees no
difference, the mean log-probability of a token decides, because beams have different lengths.
"""

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
    **sampling: Any,
) -> Iterator[list[Hypothesis]]:
    """Search each prompt's completions sentence by sentence; yield at most `width` hypotheses a prompt, the best first:
    those that ended before those that were cut off, then by the judge, then by mean log-probability.

    judge: scores what was written after the prompt so far; higher is better. Judges that have to know the prompt are
    given as a list, one for each prompt. branches: sampled sentences of each beam.
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
    capacity, slots = check_prompts(model, encoded, rule, min(whole("slots", slots, 1), rows))
    engine = Engine(model, rule, end_tokens(tokenizer), slots, capacity, vocabulary, stop=SentenceEnd(tokenizer))
    context = model.config.context_length
    searches = [
        Search(number, prompt, min(rule.max_new_tokens, context - len(prompt) + 1), width, branches, words)
        for number, prompt in enumerate(encoded)
    ]
    return _search_all(engine, tokenizer, searches, judges)


def _search_all(
    engine: Engine, tokenizer: "Tokenizer", searches: Sequence["Search"], judges: Sequence[Judge]
) -> Iterator[list[Hypothesis]]:
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
            search.keep_best(tokenizer, judges[search.number])
            groups = search.next_rows()
            for group in groups:
                engine.add(group)
            if not groups:
                ready[search.number] = search.result(tokenizer)
        while due in ready:
            yield ready.pop(due)
            due += 1


@dataclass
class Search:
    """The search for one prompt."""

    number: int  # of the prompt
    prompt: Array
    longest: int  # tokens at which a beam is cut off
    width: int
    branches: int
    words: tuple[int, ...]  # of the seed
    beams: list["Beam"] = field(default_factory=lambda: [Beam((), (), False, 0.0)])
    streams: int = 0  # sentences asked for so far: each has random numbers of its own
    asked: int = 0  # sentences of this step ...
    drawn: list[Row] = field(default_factory=list)  # ... and the ones that are written already
    spent: int = 0  # tokens generated so far, in all sentences

    @property
    def live(self) -> list["Beam"]:
        """The beams that go on."""
        return [beam for beam in self.beams if not beam.closed(self.longest)]

    def next_rows(self) -> list[list[Row]]:
        """A group of rows for each live beam: the sentences to sample next."""
        groups = []
        for place, beam in enumerate(self.live):
            so_far = np.concatenate([self.prompt, np.array(beam.ids, np.int32)])
            first = place * self.branches
            groups.append([
                Row(so_far, self.number, first + branch,
                    stream_of(self.words, self.number, self.streams + first + branch), written=len(beam.ids))
                for branch in range(self.branches)
            ])  # fmt: skip
        self.asked = len(groups) * self.branches
        self.streams += self.asked
        return groups

    def keep_best(self, tokenizer: "Tokenizer", judge: Judge) -> None:
        """Put each sentence behind its beam, and keep the best of all."""
        live = self.live
        found = {beam.ids: beam for beam in self.beams if beam.closed(self.longest)}
        for row in sorted(self.drawn, key=lambda row: row.sample):
            longer = live[row.sample // self.branches].after(row, tokenizer, judge)
            found.setdefault(longer.ids, longer)  # the same sentence twice is one beam
            self.spent += len(row.ids)
        self.beams = sorted(found.values(), key=lambda beam: beam.rank)[: self.width]
        self.drawn = []

    def result(self, tokenizer: "Tokenizer") -> list[Hypothesis]:
        """The hypotheses, the best first: the ones that were cut off last."""
        return [
            beam.hypothesis(self.prompt, tokenizer, self.spent)
            for beam in sorted(self.beams, key=lambda beam: not beam.finished)  # and by rank within both
        ]


@dataclass(frozen=True)
class Beam:
    """What has been written after a prompt, up to the end of a sentence."""

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finished: bool
    score: float

    def closed(self, longest: int) -> bool:
        """Whether it has ended or been cut off."""
        return self.finished or len(self.ids) >= longest

    @property
    def rank(self) -> tuple[float, float, tuple[int, ...]]:
        """Sorts the best first."""
        return -self.score, -sum(self.log_probs) / max(len(self.log_probs), 1), self.ids

    def after(self, row: Row, tokenizer: "Tokenizer", judge: Judge) -> "Beam":
        """This beam followed by what a row has drawn."""
        ids = (*self.ids, *row.ids.tolist())
        score = judge(tokenizer.decode(ids, skip_special=True))
        return Beam(ids, (*self.log_probs, *row.log_probs.tolist()), row.finished, score)

    def hypothesis(self, prompt: Array, tokenizer: "Tokenizer", spent: int) -> Hypothesis:
        """The beam as a result."""
        ids = np.array(self.ids, np.int32)
        text = tokenizer.decode(ids, skip_special=True)
        log_probs, forced = np.array(self.log_probs, np.float32), np.zeros(len(ids), bool)
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
