"""The methods: how answers are drawn, how one of them is chosen, and which comparison tests which belief.

Samples are drawn once for each way to draw, and every method that can use them does. Two methods are controls. They
should do worse than their opposites if the usual reason for these is right: a rising temperature has the same mean as a
falling one, and beams without a length penalty should prefer answers that are too short.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from minirl.generate import Beams, Schedule
from minirl.generate.vote import Choice
from minirl.zoo.measure import Measured, adaptive, chosen, first, passed, verified

DRAWS: dict[str, dict[str, Any]] = {
    "T 1": {"temperature": 1.0},
    "T 0.7": {"temperature": 0.7},
    "T 1.5": {"temperature": 1.5},
    "T 1.5 falling to 0.3": {"temperature": Schedule(1.5, 0.3, 20)},
    "T 0.3 rising to 1.5": {"temperature": Schedule(0.3, 1.5, 20)},
    "T 1.5 with min-p 0.1": {"temperature": 1.5, "min_p": 0.1},
}
PLAIN, COOL, HOT, FALLING, RISING, MIN_P = DRAWS
SEARCHES: dict[str, tuple[Beams, bool]] = {  # and whether the search goes from sentence to sentence
    "beams 4": (Beams(4), False),
    "beams 4, no length penalty": (Beams(4, alpha=0.0), False),
    "step beams 2": (Beams(2), True),
    "step beams 4": (Beams(4), True),
}
BEAM, NO_PENALTY, STEPS_2, STEPS_4 = SEARCHES
CONTROLS = (RISING, NO_PENALTY)

CHOICES: dict[Choice, str] = {
    "weighted": "vote weighted by probability",
    "likeliest": "the likeliest",
    "soundest": "the fewest false equations",
    "arithmetic": "vote, if all equations hold",
}
USUAL = 8  # samples of the methods in the table, unless fewer are drawn


class Method(NamedTuple):
    """A way to answer a problem."""

    key: str
    """Its name in JSON, such as "majority@8, T 1"."""
    group: str
    label: str
    """Its name in the table, below its group."""
    source: str
    """The draw or the search whose answers it uses."""
    measure: Callable[..., Measured]
    shown: bool
    """Whether the table shows it; the plot and JSON have all."""
    by_verifier: bool = False
    """Whether `measure` also takes scores, one for each sample of each problem."""


def sizes(samples: int) -> list[int]:
    """The numbers of samples at which curves are drawn: 1, 2, 4, 8 and so on, and all."""
    return sorted({samples, *(2**power for power in range(samples.bit_length()))})


def key(measure: str, k: int, source: str) -> str:
    """The name of a method that looks at k samples."""
    return f"{measure}@{k}, {source}"


def methods(samples: int, verifier: bool = False) -> list[Method]:
    """All methods, where `samples` answers are drawn of each problem; in the order of the table. verifier: with the
    ones that need a trained verifier."""
    usual = min(USUAL, samples)
    ks = [k for k in sizes(samples) if k > 1]

    def vote(k: int, draw: str, group: str, label: str, shown: bool) -> Method:
        return Method(key("majority", k, draw), group, label, draw, partial(chosen, k=k, by="majority"), shown)

    one = [Method("greedy", "one answer", "greedy", PLAIN, first, True)]
    one += [vote(1, draw, "one answer", named(draw), True) for draw in DRAWS]
    searched = [Method(name, "search", named(name), name, first, True) for name in SEARCHES]
    votes = [
        vote(k, draw, f"majority of {k}", named(draw), k == usual)
        for k in ks for draw in DRAWS
        if k == usual or draw != PLAIN
    ]  # fmt: skip
    choices = [
        Method(key(by, k, PLAIN), f"one of {k} at T 1", label, PLAIN, partial(chosen, k=k, by=by), k == usual)
        for k in ks for by, label in CHOICES.items()
    ]  # fmt: skip
    for k in ks if verifier else ():
        for name, label, weighted in (
            ("verifier", "the verifier's best", False), ("verified", "vote weighted by the verifier", True)
        ):  # fmt: skip
            measure = partial(verified, k=k, weighted=weighted)
            group = f"one of {k} at T 1"
            choices.append(Method(key(name, k, PLAIN), group, label, PLAIN, measure, k == usual, by_verifier=True))
    more = [vote(k, PLAIN, "more or fewer at T 1", f"majority of {k}", True) for k in ks if k != usual]
    if samples > 1:
        until = f"vote until 95% sure, of {samples}"
        more.append(Method(key("adaptive", samples, PLAIN), "more or fewer at T 1", until, PLAIN, adaptive, True))
    ceiling = [
        Method(key("pass", k, draw), f"ceiling: one of {k} is right", named(draw), draw, partial(passed, k=k),
               k == usual)
        for k in ks for draw in DRAWS
    ]  # fmt: skip
    return [*one, *searched, *votes, *choices, *more, *ceiling]


def named(name: str) -> str:
    """A draw or a search as the table calls it, a control with a star."""
    return f"{name} *" if name in CONTROLS else name


class Contest(NamedTuple):
    """A belief, and the two methods whose difference tests it."""

    belief: str
    first: str
    second: str


def contests(samples: int, verifier: bool = False) -> list[Contest]:
    """What is commonly believed of decoding, as differences between two methods. Most have equal numbers of samples,
    so nearly equal numbers of tokens."""
    k = min(USUAL, samples)
    if k == 1:
        return [Contest("beams beat greedy decoding", BEAM, "greedy")]
    one, many = partial(key, "majority", 1), partial(key, "majority", k)
    plain = many(PLAIN)
    judged = [
        Contest("a verifier's weights help a vote", key("verified", k, PLAIN), plain),
        Contest("a verifier beats arithmetic", key("verifier", k, PLAIN), key("soundest", k, PLAIN)),
    ]  # fmt: skip
    return [
        *(judged if verifier else []),
        Contest("falling beats rising, one sample", one(FALLING), one(RISING)),
        Contest(f"falling beats rising, vote of {k}", many(FALLING), many(RISING)),
        Contest("falling beats flat 0.7, one sample", one(FALLING), one(COOL)),
        Contest(f"falling beats flat 0.7, vote of {k}", many(FALLING), many(COOL)),
        Contest(f"falling beats flat 0.7, ceiling of {k}", key("pass", k, FALLING), key("pass", k, COOL)),
        Contest("min-p saves a high temperature", one(MIN_P), one(HOT)),
        Contest("min-p at 1.5 beats flat 0.7", one(MIN_P), one(COOL)),
        Contest(f"a vote of {k} beats greedy", plain, "greedy"),
        Contest("beams beat greedy", BEAM, "greedy"),
        Contest("a length penalty helps beams", BEAM, NO_PENALTY),
        Contest(f"the likeliest of {k} beats greedy", key("likeliest", k, PLAIN), "greedy"),
        Contest("weights help a vote", key("weighted", k, PLAIN), plain),
        Contest("arithmetic helps a vote", key("arithmetic", k, PLAIN), plain),
        Contest("arithmetic beats likelihood", key("soundest", k, PLAIN), key("likeliest", k, PLAIN)),
        Contest("step beams beat beams", STEPS_4, BEAM),
        Contest(f"stopping early costs nothing, of {samples}", key("adaptive", samples, PLAIN),
                key("majority", samples, PLAIN)),
    ]  # fmt: skip
