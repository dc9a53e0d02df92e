"""What is tried with the exercises of lesson 18, and what must come out."""

import itertools
import math
import re
from fractions import Fraction

import numpy as np

from minirl.evaluation import estimate
from minirl.lessons.check import Check
from minirl.lessons.compare import Bound, Verdict

SUM = Bound(200, 1.0, reason="a sum over all numbers of solved problems")


def simple(solved, n):
    """The share, and 1.96 standard errors to each side."""
    share = solved / n
    reach = 1.96 * math.sqrt(share * (1 - share) / n)
    return share - reach, share + reach


def wilson(solved, n):
    return estimate.wilson(solved, n)[1:]


def everything(solved, n):
    return 0.0, 1.0


def upper(solved, n):
    """From the share upward."""
    return solved / n, 1.0


INTERVALS = {"everything": everything, "upper": upper, "simple": simple, "wilson": wilson}


def models(rng):
    """(interval, p, n)"""
    yield "everything", 0.5, 1
    yield "upper", 0.5, 1
    yield "upper", 0.5, 2
    yield "upper", 0.25, 2
    yield "simple", 0.5, 4
    yield "wilson", 0.0, 3
    for n in (3, 5, 10, 20):
        for name in ("upper", "simple", "wilson"):
            yield name, round(float(rng.uniform(0.05, 0.95)), 2), n


def by_doors(interval, p, n):
    """The coverage with the probabilities built up problem by problem."""
    chance = [1.0]
    for _ in range(n):
        chance = [a * (1 - p) + b * p for a, b in zip([*chance, 0.0], [0.0, *chance], strict=True)]
    inside = [low <= p <= high for low, high in (INTERVALS[interval](k, n) for k in range(n + 1))]
    return math.fsum(itertools.compress(chance, inside))


def wishes(rng):
    """(difference, p)"""
    yield 0.1, 0.5
    yield 0.05, 0.5
    yield 0.1, 0.2
    yield 0.3, 0.9
    for _ in range(8):
        yield round(float(rng.uniform(0.01, 0.3)), 2), round(float(rng.uniform(0.1, 0.9)), 2)


def needed(difference, p):
    exact = 2 * p * (1 - p) * (2.8 / difference) ** 2
    return math.ceil(exact - 1e-9)


def samples(rng):
    """(correct, n, k)"""
    yield 1, 1, 1
    yield 0, 3, 2
    yield 1, 4, 2
    yield 1, 2, 2
    yield 2, 4, 2
    yield 3, 4, 2
    for _ in range(10):
        n = int(rng.integers(2, 8))
        yield int(rng.integers(0, n + 1)), n, int(rng.integers(1, n + 1))


def by_listing(correct, n, k):
    """All ways to draw k of n answers, of which the first ones are right."""
    ways = list(itertools.combinations(range(n), k))
    return sum(min(way) < correct for way in ways) / len(ways)


def results(rng):
    """(first, second, draws)"""
    yield np.array([1.0, 0.0]), np.array([0.0, 0.0]), np.array([[0, 0], [1, 1], [0, 1]])
    yield np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([[0, 0], [1, 1], [0, 1]])
    yield np.array([0.0, 0.0, 0.0]), np.array([1.0, 0.0, 1.0]), np.array([[0, 1, 2], [0, 0, 1], [2, 2, 2], [1, 1, 0]])
    for _ in range(8):
        n = int(rng.integers(3, 7))
        yield (
            rng.integers(0, 2, n).astype(float), rng.integers(0, 2, n).astype(float),
            rng.integers(0, n, (int(rng.integers(4, 9)), n)),
        )  # fmt: skip


def resampled(first, second, draws):
    differences = [a - b for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    means = sorted(math.fsum(differences[i] for i in row) / len(row) for row in draws.tolist())

    def quantile(q):
        place = q * (len(means) - 1)
        below = math.floor(place)
        above = min(below + 1, len(means) - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return math.fsum(differences) / len(differences), quantile(0.025), quantile(0.975)


CARELESS = {
    "contains": lambda answer, text: answer in text,
    "last_number": lambda answer, text: [int(x) for x in re.findall(r"-?[0-9]+", text)][-1:] == [int(answer)],
    "calculates": lambda answer, text: added_up(text.rpartition("Answer:")[2].strip()) == int(answer),
}


def added_up(text):
    terms = [term.strip() for term in text.split("+")]
    return sum(map(int, terms)) if all(term.isdigit() for term in terms) else None


def attacked(names, answer):
    """What is wrong with the learner's attacks."""
    texts = names["attacks"](answer)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return Verdict("form", "`attacks` must return a list of texts")
    for text in texts:
        if right(answer, text):
            return Verdict("honest", f"{text!r} is the right answer: it deserves its reward")
    for name, careless in CARELESS.items():
        if not any(careless(answer, text) for text in texts):
            return Verdict(f"misses {name}", f"none of the texts passes the careless checker `{name}` for {answer}")
    return Verdict()


# Each text has one thing that is special about it, so that the first failing one shows what is wrong.
ONE_LINE = {
    "18": (
        "18", "18.", "18.0", "+18", "$18", "  18  ", "018", "$18.00.",
        "", "eighteen", "9+9", "36/2", "18 or 19", "18 19", "18 apples", "(18)", "=18", "18%", "180", "-18", "1.8e1",
        "0x12", "18,", "1,8", "18..", "1$8", "18$", "١٨",
    ),
    "-18": ("-18", "-$18", "$-18", "18"),
    "1800": ("1,800", "1,80", "1,8000", "18,00"),
    "1800000": ("1,800,000", "1,800000", "1800,000"),
    "1018": ("0001,018",),
    "-2.5": ("-2.50", "-2.5.", "-2,5"),
    "0.5": ("0.5", ".5"),
    "0": ("0", "", "$", "-", "."),
    "0.3": ("0.30", "0.3000001", "0.30000000000000000001"),
    "1": ("18",),
}  # fmt: skip


def texts(rng):
    """(answer, text)"""
    for answer, given in ONE_LINE.items():
        for one in given:
            yield answer, f"Answer: {one}"
    yield "18", "It is 18."
    yield "18", "The Answer: 18"
    yield "18", "  Answer: 18"
    yield "18", "9 + 9 = 18.\nAnswer: 18"
    yield "18", "Answer: 18\nAnswer: 19"
    yield "18", "Answer: 19\nAnswer: 18"
    yield "18", "Answer: 18\nAnswer: none"
    yield "18", "Answer: 18\nThat is all."
    yield "18", "Answer: 19\nI mean 18"
    yield "18", "Answer: " + "0" * 90 + "18"  # 100 characters
    yield "18", "Answer: " + "0" * 91 + "18"
    yield "18", "Answer: 18\nAnswer: " + "0" * 91 + "19"
    yield "18", "No.\u2028Answer: 18"
    for _ in range(6):
        n = int(rng.integers(2, 2000))
        yield str(n), f"Answer: {n:,}"


def shown_check(answer, text):
    """The call of check; many zeros in a row are shortened."""
    typed = re.sub(
        "0{30,}", lambda zeros: f"' + '0' * {len(zeros[0])} + '", ascii(text) if "\u2028" in text else repr(text)
    )
    return f"check({answer!r}, {typed})"


def right(answer, text):
    """The oracle of check, character by character."""
    given = None
    for line in text.split("\n"):
        if line[:7] == "Answer:":
            given = line
    if given is None or len(given) > 100:
        return False
    rest = given[7:].strip()
    sign = -1 if rest[:1] == "-" else 1
    rest = rest[1:] if rest[:1] in ("+", "-") else rest
    rest = rest[1:] if rest[:1] == "$" else rest
    rest = rest[:-1] if rest[-1:] == "." else rest
    whole, point, decimals = rest.partition(".")
    groups = whole.split(",")
    digits = set("0123456789")
    fits = all(group and set(group) <= digits for group in groups) and all(len(group) == 3 for group in groups[1:])
    if len(groups) > 1:
        fits = fits and len(groups[0]) <= 3
    if not fits or (point and not (decimals and set(decimals) <= digits)):
        return False
    return sign * Fraction("".join(groups) + point + decimals) == Fraction(answer)


def collections(rng):
    """(training, test, n)"""
    yield ["a b"], "a b", 1
    yield ["the cat sat down"], "The cat sat there.", 2
    yield ["a b c"], "a b", 3
    yield ["a b", "b c"], "a b c", 2
    yield ["a", "b"], "a b", 2
    yield ["x"], "a b a b a b", 2
    yield ["a b"], "a b a b a c", 2
    yield ["A, b!"], "a b", 2
    yield ["a cab sat"], "a ca", 2
    for _ in range(8):
        made = [" ".join(rng.choice(list("abc"), size=rng.integers(2, 6)).tolist()) for _ in range(3)]
        yield made[:2], made[2], int(rng.integers(1, 4))


def shared(training, test, n):
    known = []
    for text in training:
        words = [word for word in re.split(r"\W+", text.lower()) if word]
        known += [" ".join(words[i : i + n]) for i in range(len(words)) if i + n <= len(words)]
    words = [word for word in re.split(r"\W+", test.lower()) if word]
    wanted = sorted({" ".join(words[i : i + n]) for i in range(len(words)) if i + n <= len(words)})
    return sum(gram in known for gram in wanted) / len(wanted) if wanted else 0.0


CHECKS = {
    "coverage": Check(
        cases=models,
        expected=by_doors,
        given=lambda interval, p, n: (INTERVALS[interval], p, n),
        show=lambda interval, p, n: f"coverage({interval}, {p}, {n})",
        bound=SUM,
        shrink=False,
    ),
    "problems_needed": Check(cases=wishes, expected=needed, shrink=False),
    "pass_at_k": Check(cases=samples, expected=by_listing, bound=Bound(20, 1.0), shrink=False),
    "paired_bootstrap": Check(
        cases=results,
        expected=resampled,
        parts=("the difference", "low", "high"),
        bound=Bound(40, 1.0, reason="means of differences"),
        shrink=False,
    ),
    "attacks": Check(
        cases=lambda rng: [("18",), ("7",), (str(int(rng.integers(20, 99))),)],
        expected=lambda answer: Verdict(),
        observe=attacked,
        shrink=False,
    ),
    "check": Check(cases=texts, expected=right, show=shown_check, compared=100, shrink=False),
    "overlap": Check(cases=collections, expected=shared, bound=Bound(4), shrink=False),
}
