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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl.autograd import Array
from minirl.generate.beam import Hypothesis
from minirl.generate.engine import Engine, Row
from minirl.generate.equations import equations
from minirl.generate.sampling import Sampling, Seed, seed_words, stream_of, whole
from minirl.generate.text import check_prompts, encode_prompt, end_token, known_tokens
from minirl.generate.vote import Judge
from minirl.model import GPT

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


def true_equations(text: str) -> float:
    """The judge of arithmetic: 0 where every equation of the text holds, otherwise minus the number of false ones."""
    return -float(sum(not equation.holds for equation in equations(text)))


def step_beams(
    model: GPT,
    tokenizer: "Tokenizer",
    prompts: str | Iterable[str],
    judge: Judge = true_equations,
    *,
    width: int = 4,
    branches: int = 4,
    max_new_tokens: int = 256,
    seed: Seed = 0,
    **sampling: Any,
) -> Iterator[list[Hypothesis]]:
    """Search each prompt's completions sentence by sentence; yield at most `width` hypotheses a prompt, the best first:
    those that ended before those that were cut off, then by the judge, then by mean log-probability.

    judge: scores what was written after the prompt so far; higher is better. branches: sampled sentences of each beam.
    sampling: settings of the draw, as `generate` takes them. A hypothesis's log_probs are what the draw recorded, its
    score is the judge's. The result depends on neither the other prompts nor their number.

    Raises ValueError for settings out of range, and what `generate` raises.
    """
    width, branches, words = whole("width", width, 1), whole("branches", branches, 1), seed_words(seed)
    rule, vocabulary = Sampling(max_new_tokens=max_new_tokens, **sampling), known_tokens(model, tokenizer)
    encoded = [encode_prompt(tokenizer, prompt) for prompt in ([prompts] if isinstance(prompts, str) else prompts)]
    check_prompts(model, encoded, rule, 1)
    end, sentence = end_token(tokenizer), SentenceEnd(tokenizer)

    def search(number: int, prompt: Array) -> list[Hypothesis]:
        longest = min(rule.max_new_tokens, model.config.context_length - len(prompt) + 1)
        capacity = min(len(prompt) + longest, model.config.context_length)
        beams, drawn = [Beam((), (), False, 0.0)], 0
        while live := [beam for beam in beams if not beam.closed(longest)]:
            engine = Engine(model, rule, end, width * branches, capacity, vocabulary, stop=sentence)
            for place, beam in enumerate(live):
                streams = [stream_of(words, number, drawn + branch) for branch in range(branches)]
                engine.add(beam.rows(prompt, place, streams))
                drawn += branches
            rows: list[Row] = []
            while engine.busy:
                rows += engine.step()
            found = {beam.ids: beam for beam in beams if beam.closed(longest)}
            for row in sorted(rows, key=lambda row: (row.problem, row.sample)):
                longer = live[row.problem].after(row, tokenizer, judge)
                found.setdefault(longer.ids, longer)  # the same sentence twice is one beam
            beams = sorted(found.values(), key=lambda beam: beam.rank)[:width]
        beams.sort(key=lambda beam: not beam.finished)  # and by rank within both
        return [beam.hypothesis(prompt, tokenizer) for beam in beams]

    return (search(number, prompt) for number, prompt in enumerate(encoded))


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

    def rows(self, prompt: Array, number: int, streams: Sequence[np.random.Generator]) -> list[Row]:
        """The rows that go on from here, one for each stream of random numbers; `number` tells the beams apart."""
        so_far = np.concatenate([prompt, np.array(self.ids, np.int32)])
        return [Row(so_far, number, i, stream, written=len(self.ids)) for i, stream in enumerate(streams)]

    def after(self, row: Row, tokenizer: "Tokenizer", judge: Judge) -> "Beam":
        """This beam followed by what a row has drawn."""
        ids = (*self.ids, *row.ids.tolist())
        score = judge(tokenizer.decode(ids, skip_special=True))
        return Beam(ids, (*self.log_probs, *row.log_probs.tolist()), row.finished, score)

    def hypothesis(self, prompt: Array, tokenizer: "Tokenizer") -> Hypothesis:
        """The beam as a result."""
        ids = np.array(self.ids, np.int32)
        text = tokenizer.decode(ids, skip_special=True)
        log_probs, forced = np.array(self.log_probs, np.float32), np.zeros(len(ids), bool)
        return Hypothesis(prompt, ids, log_probs, text, self.finished, forced, self.score)


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
