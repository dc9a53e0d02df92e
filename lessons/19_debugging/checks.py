"""What is tried with the exercises of lesson 19, and what must come out."""

import math
from collections import Counter
from contextlib import nullcontext
from numbers import Real
from pkgutil import resolve_name

import numpy as np

from minirl.bugs import BUGS, Bug, mystery, planted
from minirl.bugs.experiment import MEASURES, Patient, reading
from minirl.bugs.recorded import HEALTHY, KNOWN, UNSEEN, recorded
from minirl.lessons.check import Check, Unusable
from minirl.lessons.compare import Bound, Verdict
from minirl.swap import replaced

# ---- 19.1, 19.2, 19.3 ----


def answers(rng):
    """(beliefs, truth, spent)"""
    yield {"a": 0.5, "b": 0.5}, "a", 0
    yield {"a": 0.25, "b": 0.75}, "a", 5
    yield {"a": 1.0, "b": 0.0}, "a", 3
    yield {"a": 1.0, "b": 0.0}, "b", 0
    yield {"a": 0.0005, "b": 0.9995}, "a", 1
    yield {"a": 0.1, "b": 0.2, "c": 0.7}, "b", 10
    for _ in range(8):
        yield beliefs_of("abcdefghi"[: rng.integers(2, 10)], rng), "a", int(rng.integers(0, 40))


def beliefs_of(causes, rng):
    """Probabilities of these causes, in thousandths."""
    parts = rng.integers(1, 100, len(causes))
    shares = np.round(parts / parts.sum(), 3)
    shares[-1] = 1 - shares[:-1].sum()
    return dict(zip(causes, map(float, shares), strict=True))


def scored(beliefs, truth, spent):
    """In base n from the start."""
    return 100 + 100 * math.log(max(beliefs[truth], 0.001), len(beliefs)) - spent


def looks(rng):
    """(value, healthy)"""
    yield 0.4, [0.4, 0.5]
    yield 0.0, [0.3, 0.6]
    yield 1.0, [0.3, 0.6]
    yield 0.11, [0.3, 0.6]
    yield 0.79, [0.3, 0.6]
    yield 0.96, [1.0, 1.0, 1.0]
    yield -1.0, [1.0, 4.0]
    yield 6.0, [1.0, 4.0]
    yield 0.94, [1.0, 1.0]
    yield 2e-7, [1e-7, 1.1e-7]
    yield 0.0011, [1e-7, 2e-7]
    yield 0.0, [0.0]
    yield 0.002, [0.0, 0.0]
    for _ in range(14):
        healthy = [float(round(x, 2)) for x in rng.uniform(0.5, 1.5, int(rng.integers(2, 7)))]
        width = max(max(healthy) - min(healthy), 0.1)
        yield float(round(rng.uniform(min(healthy) - 1.4 * width, max(healthy) + 1.4 * width), 2)) + 0.003, healthy


def looked(value, healthy):
    """By the distance from the healthy range."""
    ordered = sorted(healthy)
    margin = max(0.001, ordered[-1] / 20, (ordered[-1] - ordered[0]) / 1.5)
    if ordered[0] - value > margin:
        return "low"
    return "high" if value - ordered[-1] > margin else "usual"


def sights(rng):
    """(beliefs, chance)"""
    yield {"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.3}
    yield {"a": 0.9, "b": 0.1}, {"a": 0.5, "b": 0.5}
    yield {"a": 0.8, "b": 0.2}, {"a": 0.25, "b": 0.5}
    yield {"a": 1.0, "b": 0.0}, {"a": 0.1, "b": 0.9}
    yield {"a": 0.2, "b": 0.3, "c": 0.5}, {"a": 0.0, "b": 0.5, "c": 0.1}
    for _ in range(8):
        beliefs = beliefs_of("abcdefghi"[: rng.integers(2, 10)], rng)
        yield beliefs, {cause: round(float(rng.uniform(0.05, 1)), 2) for cause in beliefs}


def seen(beliefs, chance):
    return {a: beliefs[a] * chance[a] / math.fsum(beliefs[b] * chance[b] for b in beliefs) for a in beliefs}


# ---- 19.4: the points of 27 runs, each with one of eight bugs or none, and seeds that nobody has learned from ----

SETS = {  # what is measured, and the points, without its price, that have to be reached on average
    "everything": ([*MEASURES], 80),
    "everything before RL": ([name for name in MEASURES if MEASURES[name].stage != "RL"], 70),
    "the curves of RL": ([name for name in MEASURES if MEASURES[name].stage == "RL"], 45),
    "SFT loss and finished": (["SFT loss", "finished"], 27),
    "pass@1 and first tokens": (["pass@1", "first tokens"], 34),
    "the parts gap alone": (["parts gap"], 9),
    "nothing": ([], -1e-6),  # only the same probability for each cause gets 0
}
WEAK = 10  # points; where a cause gets fewer on average, it is named


def asked(rng):
    """(what is measured,)"""
    return [(name,) for name in SETS]


def runs():
    """(cause, readings) of the runs to be tested with."""
    return [(cause, run) for cause, some in recorded(UNSEEN).items() for run in some]


def suspected(names, what):
    """What is wrong with the learner's suspicion, with this set of measures."""
    measures, needed = SETS[what]
    known, got = recorded(KNOWN), {}
    for cause, run in runs():
        taken = {name: run[name] for name in measures}
        beliefs = names["suspicion"](taken, known)
        require_beliefs(beliefs, list(known), taken)
        got.setdefault(cause, []).append((mystery.points(beliefs, cause, 0), beliefs, taken))
    each = {cause: sum(points for points, *_ in some) / len(some) for cause, some in got.items()}
    average = sum(each.values()) / len(each)
    if average >= needed:
        return Verdict()
    worst = min(each, key=each.__getitem__)
    _, beliefs, taken = min(got[worst], key=lambda one: one[0])
    most = max(beliefs, key=beliefs.__getitem__)
    shown = ", ".join(f"{name}: {value:g}" for name, value in list(taken.items())[:4])
    return Verdict(
        "weak: " + ", ".join(sorted(cause for cause in each if each[cause] < WEAK)),
        f"with {what}, your suspicion gets {average:.1f} points on average; {needed:.0f} are needed (always the same "
        f"probability for each cause: 0). Its worst cause is {worst!r}: a run with {shown or 'no measure'}"
        f"{', ...' if len(taken) > 4 else ''} got {beliefs[worst]:.3f} for it and {beliefs[most]:.3f} for {most!r}",
    )


def require_beliefs(beliefs, causes, taken):
    """Raise Unusable for what are no probabilities of these causes."""
    if not isinstance(beliefs, dict) or set(beliefs) != set(causes):
        missing = sorted(set(causes) - set(beliefs)) if isinstance(beliefs, dict) else causes
        raise Unusable(f"`suspicion` must return a dict with a probability for each of the {len(causes)} causes; "
                       f"missing: {', '.join(missing) or 'none, but there are others'}")  # fmt: skip
    if not all(isinstance(p, Real) and p >= 0 for p in beliefs.values()):
        raise Unusable(f"not all of these are probabilities: {beliefs}")
    total = math.fsum(beliefs.values())
    if not abs(total - 1) < 1e-6:
        raise Unusable(f"for {taken} the probabilities add up to {total:.6g}; they must add up to 1")


# ---- 19.5 ----


def choices(rng):
    """(beliefs, table, prices)"""
    sure = {"low": {"a": 0.9, "b": 0.1}, "usual": {"a": 0.1, "b": 0.9}}
    vague = {"low": {"a": 0.6, "b": 0.4}, "usual": {"a": 0.4, "b": 0.6}}
    even = {"a": 0.5, "b": 0.5}
    yield even, {"x": sure}, {"x": 1}
    yield even, {"x": vague, "y": sure}, {"x": 1, "y": 1}
    yield even, {"x": sure}, {"x": 45}
    yield even, {"x": sure, "y": vague}, {"x": 60, "y": 1}
    yield even, {"x": vague}, {"x": 10}
    yield even, {"x": vague, "y": sure}, {"x": 1, "y": 20}
    yield {"a": 0.99, "b": 0.01}, {"x": sure}, {"x": 5}
    yield even, {}, {}
    yield {"a": 1.0, "b": 0.0}, {"x": sure}, {"x": 1}
    certain = {"low": {"a": 1.0, "b": 0.0}, "usual": {"a": 0.0, "b": 1.0}}
    yield even, {"x": certain}, {"x": 99}
    yield even, {"x": {**certain, "high": {"a": 0.0, "b": 0.0}}}, {"x": 1}
    noise = {"low": {"a": 1 / 3, "b": 1 / 3}, "usual": {"a": 1 / 3, "b": 1 / 3}, "high": {"a": 1 / 3, "b": 1 / 3}}
    yield even, {"x": noise, "y": vague}, {"x": 1, "y": 1}
    for _ in range(16):
        causes = "abcdefghi"[: rng.integers(3, 7)]
        table = {}
        for name in "uvwxyz"[: rng.integers(2, 7)]:
            drawn = np.round(rng.dirichlet([0.4, 0.6, 0.3], len(causes)) * 0.97 + 0.01, 3)
            columns = zip(("low", "usual", "high"), drawn.T.tolist(), strict=True)
            table[name] = {found: dict(zip(causes, column, strict=True)) for found, column in columns}
        yield beliefs_of(causes, rng), table, {name: int(rng.integers(1, 30)) for name in table}


def by_entropy(beliefs, table, prices):
    """How much the measure takes from the uncertainty: before, minus the average afterwards."""

    def uncertainty(weights):
        total = math.fsum(weights)
        return -math.fsum(w / total * math.log(w / total) for w in weights if w > 0) if total else 0.0

    worth = {}
    for name, findings in table.items():
        after = 0.0
        for chance in findings.values():
            joint = [beliefs[cause] * chance[cause] for cause in beliefs]
            after += math.fsum(joint) * uncertainty(joint)
        gone = math.fsum(beliefs[c] * math.fsum(chance[c] for chance in findings.values()) for c in beliefs)
        worth[name] = 100 * (gone * uncertainty(beliefs.values()) - after) / math.log(len(beliefs)) - prices[name]
    best = max(worth, key=worth.__getitem__, default=None)
    return best if best is not None and worth[best] > 0 else None


# ---- 19.6 ----


def probed(names, code):
    """What is wrong with the learner's probe, in healthy code or in code with each bug."""
    for bug in BUGS.values():
        right = resolve_name(bug.where)
        if any(value is right for value in names.values()):
            raise Unusable(f"your file imports `{right.__name__}` at its top, and so keeps the right function: a bug "
                           "that is planted later is not in it. Import it inside `probe`.")  # fmt: skip
    if code == EXCHANGED:
        return exchanged(names["probe"])
    found = {}
    for name in [HEALTHY] if code == HEALTHY else BUGS:
        with nullcontext() if name == HEALTHY else planted(name):
            accused = names["probe"]()
        if not isinstance(accused, set) or not accused <= set(BUGS):
            raise Unusable(f"`probe` must return a set with names of the eight bugs, and returned {accused!r}")
        if wrongly := sorted(accused - {name}):
            return Verdict(f"accuses {', '.join(wrongly)} of {name}", f"the code is {in_words(name)}, and your probe "
                           f"accuses {', '.join(map(repr, wrongly))}")  # fmt: skip
        found[name] = accused
    if code == HEALTHY:
        return Verdict()
    hits = [name for name in found if found[name]]
    if len(hits) >= 2:
        return Verdict()
    said = f"only {hits[0]!r}" if hits else "none of the eight bugs"
    return Verdict(f"finds {said}", f"each bug was planted once, and your probe finds {said}; two are needed")


EXCHANGED = "right, with functions that do the same as minirl's in their place"


def exchanged(probe):
    """Whether the probe stays calm where a function was replaced by one that does the same."""

    def same(right):
        return lambda *given, **named: right(*given, **named)

    for bug in BUGS.values():
        with replaced(bug.where, same):
            accused = probe()
        if accused:
            return Verdict("looks at names", f"{bug.where} was replaced by a function that returns the same, and your "
                           f"probe accuses {', '.join(sorted(accused))}. It has to look at what functions return, "
                           "not at what they are called or where they come from")  # fmt: skip
    return Verdict()


def in_words(name):
    return "healthy" if name == HEALTHY else f"broken by {name!r}"


# ---- 19.7 ----


def examined(names, what):
    """What is wrong with the learner's bug and its test."""
    made = names["bug_nine"]()
    if not (isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], Bug) and callable(made[1])):
        raise Unusable("`bug_nine` must return a pair: Bug(...) and a function, the test")
    bug, test = made
    if bug.name in BUGS:
        return Verdict("old", f"{bug.name!r} is one of the eight")
    unknown = [name for name in bug.signs if name not in MEASURES]
    if unknown or not bug.signs:
        return Verdict("signs", f"`signs` must name measures of MEASURES, one or more; {unknown or 'it is empty'}")
    try:
        before = resolve_name(bug.where)
    except Exception as error:
        return Verdict("place", f"where={bug.where!r} names no function: {type(error).__name__}: {error}")
    if (said := outcome(test)) != "passes":
        return Verdict("false alarm", f"without the bug, your test {said}; it has to pass")
    with bug.planted():
        said = outcome(test)
    if said != "fails":
        return Verdict("test", f"with the bug, your test {said}; it has to fail, with an AssertionError")
    if resolve_name(bug.where) is not before:
        return Verdict("stays", "afterwards the right function is not back")
    return silent(bug)


def outcome(test):
    """What becomes of a test: "passes", "fails" or "raises ...".."""
    try:
        test()
    except AssertionError:
        return "fails"
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    return "passes"


def silent(bug):
    """Whether a run with the bug goes through, and its signs show. Only the stages that the signs need are run."""
    patient = Patient(0)
    for name in sorted(bug.signs, key=[*MEASURES].index):
        try:
            with bug.planted():
                curve = patient.measure(name)
        except Exception as error:
            return Verdict("loud", f"a run with the bug stops: {type(error).__name__}: {error}. A silent bug does not")
        if not np.isfinite(curve).all():
            return Verdict("not finite", f"with the bug, {name!r} is not finite: that is loud enough")
        value, (low, high) = reading(name, curve), mystery.healthy_range(name)
        if not mystery.odd(name, value):
            margin = max(mystery.RANGE * (high - low), mystery.SHARE * abs(high), mystery.TINY)
            return Verdict("no sign", f"{name!r} is no sign of your bug: it is {value:.3g} in a run with it, and "
                           f"{low:.3g} to {high:.3g} in healthy ones; with the margin of 19.2, {margin:.3g}, this is "
                           "usual")  # fmt: skip
        if f"{name} {looked(value, [low, high])}" not in bug.symptom:
            return Verdict("symptom", f"{name!r} is {looked(value, [low, high])} in a run with your bug ({value:.3g}; "
                           f"healthy runs have {low:.3g} to {high:.3g}), and `symptom` has to say so, with the words "
                           f"{f'{name} {looked(value, [low, high])}'!r}. It says: {bug.symptom!r}")  # fmt: skip
    return Verdict()


CHECKS = {
    "points": Check(cases=answers, expected=scored, bound=Bound(20, 100.0), shrink=False),
    "finding": Check(cases=looks, expected=looked, shrink=False),
    "update": Check(cases=sights, expected=seen, bound=Bound(20, 1.0), shrink=False),
    "suspicion": Check(
        cases=asked,
        expected=lambda what: Verdict(),
        observe=suspected,
        show=lambda what: f"suspicion(measures, known)   # measures: {what}; 27 runs",
        shrink=False,
    ),
    "next_measure": Check(cases=choices, expected=by_entropy, shrink=False),
    "probe": Check(
        cases=lambda rng: [(HEALTHY,), ("each bug",), (EXCHANGED,)],
        expected=lambda code: Verdict(),
        observe=probed,
        show=lambda code: f"probe()   # code: {code}",
        shrink=False,
    ),
    "bug_nine": Check(
        cases=lambda rng: [("a run with seed 0",)],
        expected=lambda what: Verdict(),
        observe=examined,
        show=lambda what: f"bug_nine()   # {what}",
        shrink=False,
    ),
}
assert Counter(cause for cause, _ in runs()) == Counter(dict.fromkeys(mystery.CAUSES, len(UNSEEN)))
