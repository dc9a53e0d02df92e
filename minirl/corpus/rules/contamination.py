"""Does it hold a test problem? Such a document is removed before anything is trained (Brown et al. 2020, appendix C).

A test measures nothing if the model has read it. A document is removed if it has 13 words in a row of a test question;
of a question of fewer words, all of them. Questions of fewer than 5 words are not looked for: "What is sound?" stands
in every book. `evaluation/contamination.py` counts the same after training, and has the words and n-grams.

Documents are looked through with the hashes of `kernels.gram_hashes`. Where a hash is found, the words themselves are
compared, so no document goes because two hashes happen to be equal.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from minirl import tasks
from minirl.corpus.page import Page
from minirl.evaluation.contamination import USUAL, Gram, ngrams, words
from minirl.evaluation.problem_sets import test_splits
from minirl.tasks import Problem
from minirl.tasks.choice import Choice

SHORTEST = 5  # words of a question that is looked for
LONG_ENOUGH = 8  # words of a question that is told from a textbook's sentence without its options
DRAWN = 500  # problems of a split that has no end


class Contamination:
    """The rule, with the grams of the questions it looks for. `missing` names the tasks whose files are not here."""

    def __init__(self, questions: Mapping[str, Sequence[str]], missing: Sequence[str] = ()) -> None:
        """questions: of each test split, by its name."""
        self.questions, self.missing = {name: len(listed) for name, listed in questions.items()}, list(missing)
        self.source: dict[Gram, str] = {}
        self.lengths: set[int] = set()
        long, short = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for name, listed in questions.items():
            for question in listed:
                split = words(question)
                n = min(len(split), USUAL)
                if n >= SHORTEST:
                    self.lengths.add(n)
                    self.source.update(dict.fromkeys(ngrams(split, n), name))
                    if n == USUAL:
                        long.append(Page(question).grams(USUAL))
                    else:  # found by how it begins
                        short.append(Page(question).grams(SHORTEST)[:1])
        self.known = {n: Hashes(np.concatenate(found)) for n, found in ((USUAL, long), (SHORTEST, short))}

    def __call__(self, page: Page) -> str | None:
        if not any(known.any_of(page.grams(n)) for n, known in self.known.items()):
            return None
        split = words(page.text)
        for n in sorted(self.lengths):
            for gram in ngrams(split, n):
                if gram in self.source:
                    return f"has {n} words of a problem of {self.source[gram]}: {' '.join(gram)!r}"
        return None


class Hashes:
    """A set of hashes, to look up all hashes of a document in."""

    BITS = 20

    def __init__(self, hashes: np.ndarray) -> None:
        self.sorted = np.unique(hashes)
        self.begins = np.zeros(1 << self.BITS, bool)  # whether any begins with these bits: for nearly all, the answer
        self.begins[self._beginning(self.sorted)] = True

    def _beginning(self, hashes: np.ndarray) -> np.ndarray:
        return (hashes >> np.uint64(64 - self.BITS)).astype(np.int64)

    def any_of(self, hashes: np.ndarray) -> bool:
        """Whether any of these is in the set."""
        possible = hashes[self.begins[self._beginning(hashes)]]
        return bool(len(possible) and (self.sorted[np.searchsorted(self.sorted[:-1], possible)] == possible).any())


def all_tests() -> Contamination:
    """The rule for the test splits of all tasks that are on this machine."""
    questions: dict[str, list[str]] = {}
    missing = []
    for name in tasks.TASKS:
        task = tasks.get(name)
        for split in test_splits(task):
            try:
                size = task.size(split)
                problems = task.problems(split, DRAWN if size is None else size)
            except FileNotFoundError:
                missing.append(name)
                break
            questions[f"{name}, {split}"] = [looked_for(problem) for problem in problems]
    return Contamination(questions, missing)


def looked_for(problem: Problem) -> str:
    """The words of a question that are looked for. A list of options belongs to the test, not to texts about the same
    thing. Only of a question as short as "Iron sticks to" it is looked for too, since textbooks have such words."""
    stem = problem.stem if isinstance(problem, Choice) else ""
    return stem if len(words(stem)) >= LONG_ENOUGH else problem.question
