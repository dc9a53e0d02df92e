"""From answers to scores: which answers are right, one number per problem and measure, and means with intervals."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from minirl.evaluation.answers import Answer, Attempt, Settings, answer
from minirl.evaluation.estimate import Estimate, bootstrap, majority, pass_at_k, share
from minirl.model import GPT
from minirl.rl.mdp import final_reward
from minirl.tasks import Problem, Task
from minirl.tasks.checker import answer_text, parse_number
from minirl.tokenizer import Tokenizer

TOKENS = "tokens"  # the only measure that is not a share


@dataclass(frozen=True)
class Outcome:
    """How one problem went."""

    problem: Problem
    attempt: Attempt
    solved: bool
    """Whether the greedy answer is right."""
    right: tuple[bool, ...]
    """Whether each sample is right."""
    votes: tuple[Hashable | None, ...]
    """The answer of each sample, so that equal answers compare equal; None for a sample without an answer."""

    def pass_at(self, k: int) -> float:
        """The chance that k of the samples include at least one right sample."""
        return pass_at_k(sum(self.right), len(self.right), k)

    def majority_at(self, k: int) -> bool:
        """Whether the most frequent answer among the first k samples is right."""
        winner = majority(self.votes[:k])
        return winner is not None and self.right[winner]

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
    )


def is_right(task: Task, problem: Problem, answer: Answer) -> bool:
    """Whether the answer earns the reward. An answer that was cut off is wrong: more digits might have followed."""
    return final_reward(task, problem, answer.text, answer.finished) == 1


def vote(answer: Answer) -> Hashable | None:
    """The answer of a sample, in a form where equal answers compare equal ("7" and "7.0"); None without an answer."""
    text = answer_text(answer.text) if answer.finished else None
    if not text:
        return None
    number = parse_number(text)
    return text if number is None else number


def measures(outcomes: Sequence[Outcome], ks: Sequence[int]) -> dict[str, list[float]]:
    """Of each measure one number per problem: "greedy"; "tokens", the length of the greedy answer; and with samples
    "pass@k" and, for k above 1, "majority@k"."""
    found = {"greedy": [float(outcome.solved) for outcome in outcomes]}
    sampled = [k for k in ks if outcomes[0].right]
    found |= {f"pass@{k}": [outcome.pass_at(k) for outcome in outcomes] for k in sampled}
    found |= {f"majority@{k}": [float(outcome.majority_at(k)) for outcome in outcomes] for k in sampled if k > 1}
    return {**found, TOKENS: [float(outcome.attempt.greedy.tokens) for outcome in outcomes]}


def scores(outcomes: Sequence[Outcome], ks: Sequence[int]) -> dict[str, Estimate]:
    """The mean of each measure over the problems, with its 95% interval."""
    values = measures(outcomes, ks)
    return {name: bootstrap(x) if name == TOKENS else share(x) for name, x in values.items()}


def greedy_accuracy(
    model: GPT, tokenizer: Tokenizer, task: Task, problems: Sequence[Problem], *, max_new_tokens: int
) -> Estimate:
    """The share of problems that the model solves with greedy decoding."""
    attempts = answer(model, tokenizer, [p.prompt for p in problems], Settings(0, max_new_tokens, seed=0))
    return share([is_right(task, p, attempt.greedy) for p, attempt in zip(problems, attempts, strict=True)])
