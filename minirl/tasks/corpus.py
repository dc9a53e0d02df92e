"""What the model reads before it is shown how to solve a problem: documents for pretraining.

Four kinds, none of them a word problem with its solution (these come with supervised fine-tuning):

    how to find numbers   Q: Mia has 12 pens. She gives 5 to a friend. ... Numbers: 12, 5.
    how to calculate      7 + 8 = 15. 20 / 4 = 5. 6 * 3 = 18.
    how to begin          Mia has 12 pens.
    what to know          Q: What is the Milky Way? Reasoning: The Milky Way is ... Answer: our galaxy

Half of the lines of sums are steps of problems of the split `train`, the others are any that keep to 1 to 50.

A fifth kind is for tasks with a text of their own, the published datasets: their problems with the solutions.

A document is a list of pieces (text, loss weight), cut where tokens are cut. What nobody could predict weighs little:
there is nothing to learn from which numbers somebody adds (0.1), and not much from how a question is put (0.3).
"""

import random
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from minirl.tasks.science import Science
from minirl.tasks.task import END, Problem, Task
from minirl.tasks.word_problems import LARGEST

Document = list[tuple[str, float]]
Fact = tuple[str, str]  # ("7 + 8", "15")

OPERANDS, QUESTION, FULL = 0.1, 0.3, 1.0  # loss weights
KINDS = {"recap": 0.43, "sums": 0.39, "statement": 0.04, "science": 0.14}  # the share of each kind of document
STEP = re.compile(r"(\d+ [-+*/] \d+) = (\d+)")


def pretraining_documents(
    task: Task, n: int, seed: int = 0, kinds: Mapping[str, float] | None = None, split: str = "train"
) -> Iterator[Document]:
    """`n` documents about the problems of a task; the kind of each is drawn with the weights `kinds`.

    Without `kinds` they are of those that the task names, or else of the four above. Equal arguments give equal
    documents. Science comes in rounds, so that all facts are read equally often. Raises ValueError for an unknown kind.
    """
    kinds = kinds or task.documents or KINDS
    rng = random.Random(f"corpus {seed}")
    problems, questions = task.endless(split, rng.getrandbits(32)), endless_science(rng.getrandbits(32))
    write = {
        "recap": lambda: recap(next(problems)),
        "sums": lambda: sums(some_facts(rng, problems)),
        "statement": lambda: statement(next(problems)),
        "science": lambda: solved(next(questions)),
        "solved": lambda: solved(next(problems)),
    }
    if not set(kinds) <= set(write):
        raise ValueError(f"documents are of the kinds {', '.join(write)}; got {', '.join(kinds)}")
    for kind in rng.choices(list(kinds), list(kinds.values()), k=n):
        yield write[kind]()


def endless_science(seed: int) -> Iterator[Problem]:
    """Round after round of the science facts, shuffled; how a fact is asked for is drawn from the ways there are."""
    rng = random.Random(seed)
    facts = Science().facts
    while True:
        rng.shuffle(facts)
        yield from map(rng.choice, facts)


def recap(problem: Problem) -> Document:
    """A question and its numbers in their order. This teaches copying, without which no solution comes out right."""
    numbers = ", ".join(re.findall(r"\d+", problem.question))
    return [(f"Q: {problem.question}\n", QUESTION), (f"Numbers: {numbers}.", FULL), (END, FULL)]


def sums(facts: list[Fact]) -> Document:
    """Facts in a line. Of "7 + 8 = 15." the first half can only be guessed, the second is to be known."""
    pieces = [(f" {operation}", OPERANDS) if part == 0 else (f" = {result}.", FULL)
              for operation, result in facts for part in (0, 1)]  # fmt: skip
    return [(pieces[0][0].lstrip(), OPERANDS), *pieces[1:], (END, FULL)]


def statement(problem: Problem) -> Document:
    """The first sentence of a question."""
    return [(problem.question.split(". ")[0].rstrip(".?") + ".", FULL), (END, FULL)]


def solved(problem: Problem) -> Document:
    """A problem with its solution."""
    question = f"Q: {problem.question}\n"
    rest = (problem.prompt + problem.completion).removeprefix(question).removesuffix(END)
    return [(question, QUESTION), (rest, FULL), (END, FULL)]


def some_facts(rng: random.Random, problems: Iterator[Problem]) -> list[Fact]:
    """Three to six facts: every other time steps from the solutions of problems, else random ones."""
    n = rng.randint(3, 6)
    facts: list[Fact] = []
    if rng.random() < 0.5:
        facts = [fact for problem in islice(problems, n) for fact in STEP.findall(problem.reasoning)]
        rng.shuffle(facts)
    return facts[:n] or [random_fact(rng) for _ in range(n)]


def random_fact(rng: random.Random) -> Fact:
    """+ - * or / on two whole numbers, such that all three are 1 to 50 and nothing is multiplied or divided by 1."""
    sign = rng.choice("+-*/")
    if sign in "+-":
        total = rng.randint(2, LARGEST)
        part = rng.randint(1, total - 1)
        return (f"{part} + {total - part}", str(total)) if sign == "+" else (f"{total} - {part}", str(total - part))
    a, b = rng.choice(_FACTORS)
    return (f"{a} * {b}", str(a * b)) if sign == "*" else (f"{a * b} / {b}", str(a))


_FACTORS = [(a, b) for a in range(2, LARGEST // 2 + 1) for b in range(2, LARGEST // a + 1)]
