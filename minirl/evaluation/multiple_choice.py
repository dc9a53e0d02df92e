"""Questions with options, answered without writing: the option with the highest log-likelihood is chosen.

    Question: Which gas do people need to breathe?
    Answer: oxygen          log pi(" oxygen" | the question)
    Answer: carbon dioxide  log pi(" carbon dioxide" | the question)

So a base model can be asked too, which has never been taught to answer. A longer option has a lower likelihood, since
each of its tokens has a probability below 1. The headline therefore divides by the option's length in bytes, which does
not depend on the tokenizer (as "acc_norm" of the LM Evaluation Harness does, Gao et al. 2021). The sum as it is stands
beside it. A question that is the beginning of a sentence, "Iron sticks to", is continued, and not asked.

Two yardsticks say what a number is worth: chance, and the share that is right if one letter is always given, the
commonest among these questions.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl.autograd import Array
from minirl.evaluation.estimate import Estimate, wilson
from minirl.evaluation.likelihood import log_likelihoods
from minirl.generate import encode_prompt
from minirl.model import GPT
from minirl.runs import STAGE_NAMES, Screen
from minirl.tasks import Problem, Task
from minirl.tasks.choice import LETTERS, Choice, ChoiceChecker

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

NORMALISED, SUM = "by bytes", "as it is"


@dataclass(frozen=True)
class Chosen:
    """A question, and how likely a model holds each of its options."""

    problem: Choice
    log_likelihoods: Array
    """(options,) in nats."""

    @property
    def by_bytes(self) -> int:
        """The number of the option with the highest log-likelihood for each byte."""
        sizes = [len(option.encode()) for option in self.problem.options]
        return int((self.log_likelihoods / np.maximum(sizes, 1)).argmax())

    @property
    def as_it_is(self) -> int:
        """The number of the option with the highest log-likelihood."""
        return int(self.log_likelihoods.argmax())

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {
            "question": self.problem.stem,
            "answer": self.problem.answer,
            "by_bytes": LETTERS[self.by_bytes],
            "as_it_is": LETTERS[self.as_it_is],
            "log_likelihoods": self.log_likelihoods.round(4).tolist(),
        }


def has_options(task: Task) -> bool:
    """Whether each of the task's problems has options."""
    return isinstance(task.checker, ChoiceChecker)


def asked(stem: str) -> str:
    """The text that an option follows, after a space."""
    return f"Question: {stem}\nAnswer:" if stem.endswith(("?", ".", "!", ":")) else stem


def choose(model: GPT, tokenizer: "Tokenizer", problems: Sequence[Problem]) -> list[Chosen]:
    """What the model holds of each problem's options. Raises TypeError for a problem without options."""
    listed = [one for one in problems if isinstance(one, Choice)]
    if len(listed) < len(problems):
        raise TypeError("choose: a problem has no options to choose from")
    questions = [encode_prompt(tokenizer, asked(one.stem)) for one in listed]
    answers = [[tokenizer.encode_array(f" {option}") for option in one.options] for one in listed]
    found = log_likelihoods(model, questions, answers)
    return [Chosen(one, values) for one, values in zip(listed, found, strict=True)]


@dataclass(frozen=True)
class Result:
    """A model on a set of questions."""

    stage: str
    label: str
    chosen: list[Chosen]

    @property
    def scores(self) -> dict[str, Estimate]:
        """The share of the questions that is right, with Wilson's interval."""
        right = {
            NORMALISED: sum(one.by_bytes == one.problem.right for one in self.chosen),
            SUM: sum(one.as_it_is == one.problem.right for one in self.chosen),
        }
        return {name: wilson(count, len(self.chosen)) for name, count in right.items()}

    @property
    def chance(self) -> float:
        """The share that a choice by lot gets right."""
        return float(np.mean([1 / len(one.problem.options) for one in self.chosen]))

    @property
    def commonest(self) -> tuple[str, float]:
        """The commonest right letter, and the share that it gets right."""
        ((letter, count),) = Counter(one.problem.answer for one in self.chosen).most_common(1)
        return letter, count / len(self.chosen)

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        letter, share = self.commonest
        about = {"stage": self.stage, "split": self.label, "problems": len(self.chosen)}
        scores = {name.replace(" ", "_"): estimate._asdict() for name, estimate in self.scores.items()}
        yardsticks = {"chance": self.chance, "commonest": {"letter": letter, "value": share}}
        return {**about, **scores, **yardsticks, "outcomes": [one.as_json() for one in self.chosen]}


def show(results: Sequence[Result], screen: Screen) -> None:
    """Print the table, with what its columns mean."""
    header = ["problems", "model", NORMALISED, SUM, "chance", "commonest"]
    rows = []
    for result in results:
        letter, share = result.commonest
        scores = [str(estimate) for estimate in result.scores.values()]
        yardsticks = [f"{100 * result.chance:.1f}", f"{100 * share:.1f} ({letter})"]
        label = f"{result.label} (n={len(result.chosen)})"
        rows.append([label, STAGE_NAMES[result.stage], *scores, *yardsticks])
    screen.table("The likeliest option is right, in %, with 95% intervals", header, rows, grouped=True)
    screen.say(
        f"\n  {NORMALISED:<11}the option with the highest log-likelihood for each of its bytes\n"
        f"  {SUM:<11}the option with the highest log-likelihood\n"
        "  chance     an option by lot\n"
        "  commonest  always the letter that is right most often"
    )
