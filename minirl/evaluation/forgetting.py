"""What a model has forgotten while it learned something else: three small measures, before and after.

    perplexity      e^(mean loss per token) on ordinary text: does it still expect what people write?
    questions       of 50 easy ones (general.py), how many of those it knew before it still knows
    conversation    "What is the capital of France?", asked in chat: does it still answer, and stop?

For a question, the model's choice is the answer with the highest log-likelihood; nothing is generated. So a model that
answers in another style is not counted as one that knows less. The conversation is the opposite: it shows what a person
would see.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl.autograd import Array, no_grad
from minirl.data.published import folder
from minirl.evaluation.general import QUESTIONS, Question
from minirl.evaluation.likelihood import log_likelihoods
from minirl.generate import Prompt, encode_prompt, generate, without_dropout
from minirl.model import GPT
from minirl.storage.shipped import shipped

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

ASKED, RIGHT = "What is the capital of France?", "Paris"
SAID_TOKENS = 24
WINDOW, WINDOWS = 512, 8  # tokens that are read at once, and how often
WIKITEXT = "wikitext-2/valid.txt"
WORSE, LOST = 0.05, 3  # perplexity may be so much worse, and so many questions may be lost


@dataclass(frozen=True)
class Knowledge:
    """What the three measures found for one model."""

    perplexity: float
    text: str
    """The text that it was measured on."""
    known: tuple[bool, ...]
    """Whether each of the questions was answered."""
    said: str
    """The greedy answer in chat."""
    finished: bool
    """Whether this answer ended by itself. A model that speaks on and on may hit the right word by chance."""

    @property
    def right(self) -> bool:
        """Whether the answer in chat is a right one."""
        return RIGHT in self.said and self.finished

    def as_json(self) -> dict[str, Any]:
        """For forgetting.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Knowledge":
        """What as_json gave."""
        return cls(**{**found, "known": tuple(found["known"])})


@dataclass(frozen=True)
class Change:
    """One model's knowledge beside another's, from which it was trained."""

    before: Knowledge
    after: Knowledge

    @property
    def worse(self) -> float:
        """By how much perplexity is worse, as a share: 0.05 is 5%."""
        return self.after.perplexity / self.before.perplexity - 1

    @property
    def lost(self) -> int:
        """Questions that were answered before, and are not any more."""
        return sum(b and not a for b, a in zip(self.before.known, self.after.known, strict=True))

    @property
    def gained(self) -> int:
        """Questions that are answered now, and were not before."""
        return sum(a and not b for b, a in zip(self.before.known, self.after.known, strict=True))

    def broken(self) -> list[str]:
        """Which of the limits are passed, in words; empty where forgetting is held in check."""
        found = []
        if not self.worse <= WORSE:
            found.append(f"perplexity is {self.worse:.1%} worse, more than {WORSE:.0%}")
        if self.lost > LOST:
            found.append(f"{self.lost} of {len(self.before.known)} questions are lost, more than {LOST}")
        if self.before.right and not self.after.right:
            found.append(f"asked for the capital of France it says {self.after.said!r}")
        return found


def knowledge(model: GPT, tokenizer: "Tokenizer", questions: Sequence[Question] = QUESTIONS) -> Knowledge:
    """Measure a model: half a minute for SmolLM2-135M on one core."""
    name, text = ordinary_text()
    (said,) = generate(model, tokenizer, [asked(tokenizer, ASKED)], temperature=0.0, max_new_tokens=SAID_TOKENS)
    return Knowledge(
        perplexity(model, tokenizer, text), name, tuple(map(bool, answered(model, tokenizer, questions))), said.text,
        said.finished,
    )  # fmt: skip


def ordinary_text() -> tuple[str, str]:
    """A text that people wrote, after its name: WikiText-2's validation part (Merity et al. 2016), where it is in the
    folder of datasets, otherwise the facts that minirl ships."""
    path = folder() / WIKITEXT
    if path.is_file():
        return "WikiText-2", path.read_text(encoding="utf-8", errors="replace")
    return "minirl's science questions", shipped("data/science/questions.jsonl").read_text(encoding="utf-8")


def asked(tokenizer: "Tokenizer", question: str) -> Prompt:
    """A question as the model expects it: in chat, if it has a template."""
    if tokenizer.conventions.chat_template is None:
        return f"Question: {question}\nAnswer:"
    return [{"role": "user", "content": question}]


@no_grad()
def perplexity(model: GPT, tokenizer: "Tokenizer", text: str) -> float:
    """e^(mean loss per token) on the beginning of the text, in windows that know nothing of each other."""
    window = min(WINDOW, model.config.context_length)
    ids = tokenizer.encode_array(text[: 8 * window * WINDOWS])[: window * WINDOWS + 1]  # a token has a few characters
    found = []
    with without_dropout(model):
        for start in range(0, len(ids) - 1, window):
            read, targets = ids[start : start + window], ids[start + 1 : start + window + 1]
            found.append(model.cross_entropy(read[: len(targets)], targets).log_prob.reshape(-1))
    return of_log_probs(found)


def of_log_probs(windows: Sequence[Array]) -> float:
    """The perplexity of a text of which each window gives the log-probabilities of its tokens, (n,). Every token counts
    the same; 1 without any."""
    total = sum(float(window.sum(dtype=np.float64)) for window in windows)
    return math.exp(-total / max(sum(map(len, windows)), 1))


def answered(model: GPT, tokenizer: "Tokenizer", questions: Sequence[Question]) -> Array:
    """(questions,) bool: whether the first of the four answers, which is right, has the highest log-likelihood."""
    with_space = "" if tokenizer.conventions.chat_template else " "
    prompts = [encode_prompt(tokenizer, asked(tokenizer, question.text)) for question in questions]
    answers = [[tokenizer.encode_array(with_space + choice) for choice in question.choices] for question in questions]
    return np.array([found.argmax() == 0 for found in log_likelihoods(model, prompts, answers)])


class Watch:
    """Measures a model again and again while it learns."""

    def __init__(self, before: Knowledge, tokenizer: "Tokenizer") -> None:
        self.before, self.tokenizer = before, tokenizer

    def measures(self, model: GPT) -> dict[str, float]:
        """For metrics.jsonl."""
        change = Change(self.before, knowledge(model, self.tokenizer))
        return {
            "perplexity": change.after.perplexity,
            "perplexity_worse": change.worse,
            "questions_lost": float(change.lost),
            "conversation": float(change.after.right),
        }
