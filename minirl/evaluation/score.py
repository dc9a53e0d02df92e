"""From answers to scores: which answers are right, one number per problem and measure, and means with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from minirl.evaluation.answers import Answer, Attempt, Settings, answer, asked
from minirl.evaluation.estimate import Estimate, bootstrap, pass_at_k, share
from minirl.generate.vote import Choice, choose, needed, winner
from minirl.model import GPT
from minirl.rl.mdp import final_reward
from minirl.tasks import Checker, Problem, Task
from minirl.tasks.prompt import Form
from minirl.tokenizer import Tokenizer

TOKENS = "tokens"
DRAWN = "drawn@"  # with the number of samples: this and tokens are the only measures that are no shares
SURE = 0.95  # adaptive consistency stops where the leading answer is this sure
CHOSEN: dict[str, Choice] = {
    "weighted@": "weighted", "arithmetic@": "arithmetic", "likeliest@": "likeliest", "soundest@": "soundest",
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How one problem went."""

    problem: Problem
    attempt: Attempt
    solved: bool
    """Whether the greedy answer is right."""
    right: tuple[bool, ...]
    """Whether each sample is right."""
    votes: tuple[str | None, ...]
    """The text of each sample that votes; None for a sample that was cut off."""
    checker: Checker = field(repr=False)
    """Says which votes are for the same answer."""

    def pass_at(self, k: int) -> float:
        """The chance that k of the samples include at least one right sample."""
        return pass_at_k(sum(self.right), len(self.right), k)

    def majority_at(self, k: int) -> bool:
        """Whether the most frequent answer among the first k samples is right. Their order does not matter; see
        `generate.vote.majority` for ties. Raises ValueError for a k that is not between 1 and the number of samples."""
        if not 1 <= k <= len(self.right):
            raise ValueError(
                f"majority_at: k is {k}, and there are {len(self.right)} samples; expected 1 <= k <= samples"
            )
        chosen = winner(self.checker, self.problem, self.votes[:k])
        return chosen is not None and self.right[chosen]

    def chosen_at(self, k: int, by: Choice) -> bool:
        """Whether the sample that is chosen among the first k is right; `generate.vote` has the ways to choose."""
        chosen = choose(self.checker, self.problem, self.attempt.samples[:k], by)
        return chosen is not None and self.right[chosen]

    def drawn_at(self, k: int) -> int:
        """How many of k samples adaptive consistency draws before it stops; at least 1."""
        return needed(self.checker, self.problem, self.votes[:k], SURE)

    def as_json(self) -> dict[str, Any]:
        """The problem, the greedy answer, and how many samples are right."""
        samples = len(self.right)
        found = {
            "question": self.problem.question,
            "answer": self.problem.answer,
            "greedy": {"text": self.attempt.greedy.text, "tokens": self.attempt.greedy.tokens, "right": self.solved},
        }
        return {**found, "right": sum(self.right), "majority": self.majority_at(samples)} if samples else found


def judge(task: Task, problem: Problem, attempt: Attempt) -> Outcome:
    """Check all answers to a problem."""
    return Outcome(
        problem,
        attempt,
        solved=is_right(task, problem, attempt.greedy),
        right=tuple(is_right(task, problem, sample) for sample in attempt.samples),
        votes=tuple(map(vote, attempt.samples)),
        checker=task.checker,
    )


def is_right(task: Task, problem: Problem, answer: Answer) -> bool:
    """Whether the answer earns the reward. An answer that was cut off is wrong: more digits might have followed."""
    return final_reward(task, problem, answer.text, answer.finished) == 1


def vote(answer: Answer) -> str | None:
    """The text of a sample that has ended. None for one that was cut off: nobody knows its answer."""
    return answer.text if answer.finished else None


def measures(
    outcomes: Sequence[Outcome], ks: Sequence[int], settings: Settings | None = None
) -> dict[str, list[float]]:
    """Of each measure one number per problem: "greedy"; "tokens", the length of the greedy answer; and with samples
    "pass@k" and, for k above 1, "majority@k".

    settings: how the answers were made. With beam search its "beam@width" is in the place of "greedy". Where the
    answers have log-probabilities, the other ways to choose among k samples follow: "weighted@k", "arithmetic@k",
    "likeliest@k", "soundest@k", and "adaptive@k", the majority of as many samples as adaptive consistency draws,
    "drawn@k" in number.

    Raises ValueError where there are no outcomes, where problems have different numbers of samples, and for a k above
    that number.
    """
    if not outcomes:
        raise ValueError("measures: there are no outcomes; give those of one problem or more")
    samples = sorted({len(outcome.right) for outcome in outcomes})
    if len(samples) > 1:
        raise ValueError(f"measures: some problems have {samples[0]} samples, others {samples[-1]}")
    found = {settings.first if settings else "greedy": [float(outcome.solved) for outcome in outcomes]}
    sampled = ks if samples[0] else []
    found |= {f"pass@{k}": [outcome.pass_at(k) for outcome in outcomes] for k in sampled}
    found |= {f"majority@{k}": [float(outcome.majority_at(k)) for outcome in outcomes] for k in sampled if k > 1}
    for k in sampled if settings and settings.log_probs else []:
        if k > 1:
            drawn = [outcome.drawn_at(k) for outcome in outcomes]
            found |= {f"{name}{k}": [float(one.chosen_at(k, by)) for one in outcomes] for name, by in CHOSEN.items()}
            found[f"adaptive@{k}"] = [float(one.majority_at(n)) for one, n in zip(outcomes, drawn, strict=True)]
            found[f"{DRAWN}{k}"] = list(map(float, drawn))
    return {**found, TOKENS: [float(outcome.attempt.greedy.tokens) for outcome in outcomes]}


def scores(outcomes: Sequence[Outcome], ks: Sequence[int], settings: Settings | None = None) -> dict[str, Estimate]:
    """The mean of each measure over the problems, with its 95% interval."""
    values = measures(outcomes, ks, settings)
    return {name: share(x) if is_share(name) else bootstrap(x) for name, x in values.items()}


def is_share(name: str) -> bool:
    """Whether a measure is between 0 and 1, and shown in percent."""
    return name != TOKENS and not name.startswith(DRAWN)


def greedy_accuracy(
    model: GPT, tokenizer: Tokenizer, task: Task, problems: Sequence[Problem], *, max_new_tokens: int,
    form: Form = "reasoning", shots: int = 0,
) -> Estimate:  # fmt: skip
    """The share of problems that the model solves with greedy decoding. form, shots: how they are asked. Raises
    ValueError without problems."""
    settings = Settings(0, max_new_tokens, seed=0, tools=task.tools, form=form, shots=shots)
    attempts = answer(model, tokenizer, asked(task, problems, settings), settings)
    return share([is_right(task, p, attempt.greedy) for p, attempt in zip(problems, attempts, strict=True)])
