"""Documents for pretraining: what the model reads before it is shown how to solve a problem.

There are six kinds. None contains a word problem with its solution; those come with supervised fine-tuning:

    recap    how to find numbers       Q: Mia has 12 pens. ... Numbers: Mia, 12 pens, 5. 5 + 12 = 17 pens.
    repeat   how to copy               Q: Mia has 12 pens. She gives 5 to a friend. ... Copy: Mia has 12 pens. She ...
    retell   how to carry words over   Q: Mia has 12 pens. She gives 5 to a friend. ... Again: Mia had 12 pens and ...
    sums     how to calculate          7 + 8 = 15. 20 / 4 = 5. 6 * 3 = 18.
    chain    how to continue           12, 3, 5: 12 - 5 = 7. 7 * 3 = 21. Answer: 21
    science  facts                     Q: What is the Milky Way? Reasoning: The Milky Way is ... Answer: our galaxy

Half of the lines of sums are steps from problems of the split `train`; the other half are random sums with numbers
from 1 to 50. A chain uses its numbers in any order and has no story: the later stages teach which numbers to combine,
and how. The same holds for the calculations after a recap: any two numbers of the question, any operation. Copies look
like a waste. But every token of a copy can be predicted from the text before it. So attention learns to look things up
and carry them over (the induction heads of Olsson et al. 2022), and every later skill builds on that. The sooner the
better: the first documents have more copies, the later ones more sums.

Two more kinds are for tasks that ask for them. The published datasets read `solved`, their problems with solutions. A
task writes documents of the kind `practice` itself, such as calculations with calls of a calculator.

A document is a list of pieces (text, loss weight), cut at token boundaries. Text that nobody could predict has a small
weight: which numbers somebody adds teaches nothing (0.1), and how a question is phrased teaches little (0.3).
"""

import random
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from minirl.tasks.science import Science, with_words_missing
from minirl.tasks.task import END, Problem, Task
from minirl.tasks.word_problems import LARGEST

Document = list[tuple[str, float]]
Fact = tuple[str, str]  # ("7 + 8", "15")

OPERANDS, QUESTION, FULL = 0.1, 0.3, 1.0  # loss weights
STEPS = 0.5  # for the numbers that a chain or recap uses next: a guess, but only among the numbers that it has
KINDS_FIRST = {  # the share of each kind of document, to begin with
    "recap": 0.24, "repeat": 0.15, "retell": 0.2, "sums": 0.22, "chain": 0.09, "science": 0.1,
}  # fmt: skip
KINDS = {  # and later
    "recap": 0.2, "repeat": 0.06, "retell": 0.12, "sums": 0.38, "chain": 0.14, "science": 0.1,
}  # fmt: skip
KINDS_REHEARSED = {  # and in fine-tuning and reinforcement learning, which practise calculations anyway
    "recap": 0.5, "science": 0.5,
}  # fmt: skip
PLANS: dict[int, tuple[tuple[tuple[int, int], ...], ...]] = {
    # For 2, 3 or 4 numbers: the two values that each step combines. Values are the numbers, then the results so far
    2: (((0, 1),), ((0, 1), (0, 2))),
    3: (((0, 1), (2, 3)),),
    4: (((0, 1), (2, 4), (3, 5)), ((0, 1), (2, 3), (4, 5))),
}
WHOLE = 1 / 3  # of the science questions keep all of their words
STEP = re.compile(r"(\d+ [-+*/] \d+) = (\d+)")


def pretraining_documents(
    task: Task, n: int, seed: int = 0, kinds: Mapping[str, float] | None = None, split: str = "train"
) -> Iterator[Document]:
    """`n` documents about the problems of a task; the kind of each is drawn with the weights `kinds`.

    By default the kinds are the task's own, or the six above if it names none. Equal arguments give equal documents.
    Science comes in rounds, so that the model reads all facts equally often. Raises ValueError for an unknown kind.
    """
    kinds = kinds or task.documents or KINDS
    rng = random.Random(f"corpus {seed}")
    problems, questions = task.endless(split, rng.getrandbits(32)), endless_science(rng.getrandbits(32))
    write = {
        "recap": lambda: recap(next(problems), rng),
        "repeat": lambda: repeat(next(problems)),
        "retell": lambda: retell(next(problems)),
        "sums": lambda: sums(some_facts(rng, problems)),
        "chain": lambda: chain(rng),
        "science": lambda: solved(next(questions)),
        "solved": lambda: solved(next(problems)),
        "practice": lambda: task.practice(problems, rng),
    }
    if not set(kinds) <= set(write):
        raise ValueError(f"documents are of the kinds {', '.join(write)}; got {', '.join(kinds)}")
    for kind in rng.choices(list(kinds), list(kinds.values()), k=n):
        yield write[kind]()


def rehearsed_kinds(task: Task) -> dict[str, float]:
    """The kinds of documents that the later stages read again beside their own work, with their weights; none for a
    task whose pretraining has none of them. A solved problem is not among them: whoever reads it is taught."""
    again = {*KINDS_REHEARSED, "practice"}
    return {kind: share for kind, share in (task.documents or KINDS_REHEARSED).items() if kind in again}


def rehearsed_documents(task: Task, n: int, seed: int) -> list[Document]:
    """`n` documents of these kinds; none where there are none."""
    kinds = rehearsed_kinds(task)
    return list(pretraining_documents(task, n, seed, kinds)) if kinds else []


def endless_science(seed: int) -> Iterator[Problem]:
    """Round after round of the science facts, shuffled; how a fact is asked for is drawn from the ways there are, and
    two times of three some words of the question are missing."""
    rng = random.Random(seed)
    facts = Science().facts
    while True:
        rng.shuffle(facts)
        for ways in facts:
            problem = rng.choice(ways)
            yield problem if rng.random() < WHOLE else with_words_missing(problem, rng)


def recap(problem: Problem, rng: random.Random) -> Document:
    """A question, what a solution may take from it, and up to two calculations with any two of its numbers.

    This teaches copying, without which no solution comes out right: numbers together with their nouns, and the noun
    again where it stands nowhere near the number, after a result.
    """
    numbers = re.findall(r"\d+", problem.question)
    document = [(f"Q: {problem.question}\n", QUESTION), (f"Numbers: {', '.join(problem.mentions())}.", FULL)]
    for _ in range(2):
        a, b = rng.sample(numbers, 2) if len(numbers) > 1 else numbers * 2
        possible = results(int(a), int(b))
        if possible:
            sign = rng.choice(list(possible))
            noun = f" {problem.counted}" if problem.counted and rng.random() < 0.5 else ""
            document += [(f" {a} {sign} {b}", STEPS), (f" = {possible[sign]}{noun}.", FULL)]
    return [*document, (END, FULL)]


def repeat(problem: Problem) -> Document:
    """A question twice."""
    return [(f"Q: {problem.question}\n", QUESTION), (f"Copy: {problem.question}", FULL), (END, FULL)]


def retell(problem: Problem) -> Document:
    """A question, and the same in other words: names, things and numbers have to be carried over."""
    return [(f"Q: {problem.question}\n", QUESTION), (f"Again: {problem.retold()}", FULL), (END, FULL)]


def sums(facts: list[Fact]) -> Document:
    """Facts in a line. Of " 7 + 8 = 15." the first half can only be guessed, the second is to be known."""
    pieces = [piece for operation, result in facts for piece in ((f" {operation}", OPERANDS), (f" = {result}.", FULL))]
    return [*pieces, (END, FULL)]


def chain(rng: random.Random) -> Document:
    """Two to four numbers, a calculation that uses each of them in some order, and its result as the answer."""
    steps: list[Fact] = []
    while not steps:
        numbers = [rng.randint(1, rng.choice((10, 10, 20, LARGEST))) for _ in range(rng.choice((2, 3, 3, 4)))]
        steps = some_steps(rng, rng.sample(numbers, len(numbers)))
    pieces = [piece for operation, result in steps for piece in ((f" {operation}", STEPS), (f" = {result}.", FULL))]
    given = f" {', '.join(map(str, numbers))}:"
    return [(given, OPERANDS), *pieces, (f"\nAnswer: {steps[-1][1]}", FULL), (END, FULL)]


def some_steps(rng: random.Random, numbers: list[int]) -> list[Fact]:
    """Steps that use up the numbers after one of the PLANS; none where one of them has no result from 1 to 50."""
    values: list[int] = list(numbers)
    steps: list[Fact] = []
    for pair in rng.choice(PLANS[len(numbers)]):
        a, b = (values[place] for place in rng.sample(pair, 2))
        possible = results(a, b)
        if not possible:
            return []
        sign = rng.choice(list(possible))
        values.append(possible[sign])
        steps.append((f"{a} {sign} {b}", str(values[-1])))
    return steps


def results(a: int, b: int) -> dict[str, int]:
    """The operations on a and b that give a whole number from 1 to 50, with what they give."""
    found = {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b and a % b == 0 else 0}
    return {sign: result for sign, result in found.items() if 1 <= result <= LARGEST}


def solved(problem: Problem) -> Document:
    """A problem with its solution."""
    question = f"Q: {problem.question}\n"
    (first, weight), *rest = problem.solution
    return [(question, QUESTION), (problem.prompt.removeprefix(question) + first, weight), *rest]


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
