"""Lesson 19: one way to write the seven functions."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from minirl.bugs import Bug
from minirl.lessons import implements

Beliefs = dict[str, float]  # cause -> probability; they add up to 1
Readings = Mapping[str, float]  # measure -> its reading, such as {"finished": 1.0}
Known = Mapping[str, Sequence[Readings]]  # cause -> runs that are known to have it

# ---- 19.1 ----


@implements("bugs.points")
def points(beliefs: Beliefs, truth: str, spent: float) -> float:
    """The points of an answer: 100 · (1 + log p / log n) - spent.

    n: the number of causes in beliefs. p: the probability that beliefs puts on
    the true cause; if it is below 0.001, it counts as 0.001. spent: what the
    measures have cost.

    points({"a": 0.25, "b": 0.75}, "a", 5) is about -105: with two causes, log p
    / log n is log 0.25 / log 2 = -2.
    """
    p = max(beliefs[truth], 0.001)
    return 100 * (1 + math.log(p) / math.log(len(beliefs))) - spent


# ---- 19.2 ----


def finding(value: float, healthy: Sequence[float]) -> str:
    """What a reading says, compared with the readings of healthy runs: "low",
    "usual" or "high".

    It is usual from (lowest healthy reading - margin) to (highest healthy
    reading + margin), both included. The margin is the largest of

    - two thirds of (highest - lowest),
    - 5% of the highest,
    - 0.001.

    finding(0.0, [0.3, 0.6]) is "low": the margin is 0.2, so what is below 0.1
    is low.
    """
    low, high = min(healthy), max(healthy)
    margin = max(2 / 3 * (high - low), 0.05 * high, 0.001)
    if value < low - margin:
        return "low"
    return "high" if value > high + margin else "usual"


# ---- 19.3 ----


def update(beliefs: Beliefs, chance: Mapping[str, float]) -> Beliefs:
    """The beliefs after something was seen, by Bayes' rule: each is multiplied
    by chance[cause], the probability of seeing this if that is the cause. Then
    all are divided by their sum, so that they add up to 1.

    Return a new dict with the same causes. At least one product is above 0.

    update({"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.3}) is about {"a": 0.75,
    "b": 0.25}.
    """
    joint = {cause: belief * chance[cause] for cause, belief in beliefs.items()}
    total = sum(joint.values())
    return {cause: value / total for cause, value in joint.items()}


# ---- 19.4: chances (complete), and suspicion ----


def chances(name: str, known: Known) -> dict[str, dict[str, float]]:
    """For each finding of a measure, and each cause, the probability of this
    finding if that is the cause: chances(...)["low"]["masked end"].

    If k of n known runs with this cause have the finding, its probability is
    (k + 1/2) / (n + 3/2): never 0, and the three findings add up to 1.
    """
    healthy = [run[name] for run in known["healthy"]]
    found = {cause: [finding(run[name], healthy) for run in runs] for cause, runs in known.items()}
    return {
        one: {cause: (some.count(one) + 0.5) / (len(some) + 1.5) for cause, some in found.items()}
        for one in ("low", "usual", "high")
    }


def suspicion(measures: Readings, known: Known) -> Beliefs:
    """What you believe of a run: a probability for each cause in `known`.

    measures: the readings that were taken of the run: one, some or all. known:
    for each cause, "healthy" among them, the readings of six runs that are
    known to have it.

    Before any measure, all causes are equally likely: suspicion({}, known) has
    the same probability for each. The check asks you about 27 runs, with
    different measures, and counts your points. There is more than one good way.
    """
    beliefs = dict.fromkeys(known, 1 / len(known))
    for name, value in measures.items():
        found = finding(value, [run[name] for run in known["healthy"]])
        beliefs = update(beliefs, chances(name, known)[found])
    return beliefs


# ---- 19.5 ----


def next_measure(
    beliefs: Beliefs,
    table: Mapping[str, Mapping[str, Mapping[str, float]]],
    prices: Mapping[str, float],
) -> str | None:
    """The measure to take next, or None to stop.

    table[name][finding][cause]: the probability of this finding if that is the
    cause, for each measure that can still be taken. prices: points, by name.

    The gain of a measure, in points, is 100 / log n times the sum, over all
    findings and causes, of

        joint · log(chance / total).

    chance is table[name][finding][cause], joint is beliefs[cause] · chance, and
    total is the sum of joint over all causes, for this finding. Where joint is
    0 the term is 0. n is the number of causes.

    Return the name with the largest gain - price if that is above 0, otherwise
    None.
    """
    best, most = None, 0.0
    for name, findings in table.items():
        gain = 0.0
        for chance in findings.values():
            joint = {cause: beliefs[cause] * chance[cause] for cause in beliefs}
            total = sum(joint.values())
            gain += sum(j * math.log(chance[cause] / total) for cause, j in joint.items() if j > 0)
        worth = 100 * gain / math.log(len(beliefs)) - prices[name]
        if worth > most:
            best, most = name, worth
    return best


# ---- 19.6 ----


def probe() -> set[str]:
    """A measure of your own: the names of the bugs that it finds in minirl's
    code as it is now. It trains nothing.

    It gives functions of minirl small inputs for which you know the answer. It
    has to find at least two of the eight bugs, whenever they are planted, and
    may never accuse another one. Of healthy code it returns an empty set, and
    also where a right function was replaced by one that does the same.
    `python -m minirl.bugs` lists the bugs and the functions that they break.

    Import what you examine inside the function, as below: a bug is planted in
    minirl's modules, and a name that was imported before would not notice.
    """
    from minirl.bugs.experiment import gradient
    from minirl.data import Document, pack
    from minirl.model import GPT, GPTConfig

    def document(n):
        return Document(np.arange(n, dtype=np.int32), np.ones(n, np.float32))

    found = set()
    if pack([document(3)]).targets.tolist() != [1, 2]:  # the ids are 0, 1, 2
        found.add("unshifted targets")

    batch = pack([document(3), document(8)])  # of unequal lengths
    model = GPT(GPTConfig.llama(vocab_size=8, context_length=8, n_layer=1, n_head=1, d_model=8))
    whole, parts = gradient(model, batch, 2), gradient(model, batch, 1)
    if np.linalg.norm(parts - whole) > 1e-3 * np.linalg.norm(whole):
        found.add("mean of means")
    return found


# ---- 19.7 ----


def bug_nine() -> tuple[Bug, Callable[[], None]]:
    """A bug of your own, and a test for it: Bug(...) and a function without
    arguments.

    The bug: nothing crashes, and each measure in its `signs` is odd in a run
    with seed 0, so that `finding` says "low" or "high". `where` names a
    function of minirl, "module:function" or "module:Class.method", and
    break_(right)
    returns the wrong version of it. `symptom` contains each sign with its
    finding, such as "SFT loss low, parts gap high", and may say more. `story`
    and `exposed_by` are any text. Its name is not one of the eight.

    The test asks for a known answer. It raises AssertionError where the bug is
    planted, and passes where it is not.
    """
    from minirl.model import GPT, GPTConfig

    def open_documents(right):
        """Blocks that do not know where a document begins."""

        def wrong(model, ids, positions, documents=None, past=None):
            return right(model, ids, positions, None if past is None else documents, past)

        return wrong

    def test():
        """A document computes the same alone and after another one."""
        model = GPT(GPTConfig.llama(vocab_size=8, context_length=8, n_layer=1, n_head=1, d_model=8))
        alone = model.hidden(np.array([5, 6])).data[0]
        together = model.hidden(np.array([1, 2, 3, 5, 6]), starts=np.array([0, 3, 5])).data[0, 3:]
        np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)

    bug = Bug(
        name="open documents",
        where="minirl.model.transformer:GPT._blocks",
        story="Documents stand end to end in a row, and attention reaches into the ones before.",
        symptom="SFT loss high, and parts gap high: the gradient depends on how the batch is cut",
        signs=("SFT loss", "parts gap"),
        exposed_by="test",
        break_=open_documents,
    )
    return bug, test
