"""What is tried with the exercises of lesson 11, and what must come out."""

import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound, literal

Z = 1.959964

# ---- 11.1 ----

TABLE = [  # prompt, answer, and the mask of prompt + answer + end token, by hand: - not learned, x learned
    ([5, 6], [7], "--xx"),
    ([5], [7, 8], "-xxx"),
    ([5, 6, 7], [5, 6], "---xxx"),
    ([4], [], "-x"),
    ([0, 5], [0], "--xx"),
    ([9, 9, 9, 9], [9, 9, 9], "----xxxx"),
]


def demonstrations(rng):
    for prompt, answer, _ in TABLE:
        yield np.array(prompt), np.array(answer, np.int64), 0
    for n in (2, 5, 9):
        yield rng.integers(1, 9, n).astype(np.int32), rng.integers(1, 9, n + 1).astype(np.int32), int(rng.integers(9))


def by_table(prompt, answer, end):
    ids = np.array([*prompt.tolist(), *answer.tolist(), end], prompt.dtype)
    marks = {(tuple(p), tuple(a)): row for p, a, row in TABLE}
    row = marks.get((tuple(prompt.tolist()), tuple(answer.tolist())), "-" * len(prompt) + "x" * (len(answer) + 1))
    return ids, np.array([mark == "x" for mark in row])


# ---- 11.2 ----


def masks(rng):
    for row in ("x", "xx", "-x", "--xx", "-xx-x", "--"):
        yield (np.array([mark == "x" for mark in row]),)
    for n in (7, 30):
        yield (rng.integers(0, 2, n).astype(bool),)


def shared_equally(mask):
    kept = sum(mask.tolist())
    return np.array([1 / kept if one else 0.0 for one in mask.tolist()], np.float32)


# ---- 11.3 ----


def weighted_rows(rng):
    yield np.array([[0.0, 0.0]]), np.array([0]), np.array([1.0])
    yield np.array([[0.0, 1.0]]), np.array([1]), np.array([0.5])
    yield np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1, 1]), np.array([0.0, 1.0])
    yield np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1, 0]), np.array([0.25, -0.5])
    yield np.array([[1000.0, 999.0]]), np.array([1]), np.array([1.0])
    yield np.array([[1000.0, 0.0]]), np.array([1]), np.array([1.0])  # the softmax of the target rounds to 0
    yield np.array([[1000.0, 0.0]]), np.array([1]), np.array([0.0])
    yield np.array([[1000.0, 1000.0], [0.0, 1.0]]), np.array([0, 0]), np.array([0.5, 0.5])
    for _ in range(8):
        T, V = int(rng.integers(1, 5)), int(rng.integers(2, 6))
        weights = np.round(rng.normal(size=T), 1) * (rng.random(T) < 0.7)
        yield np.round(rng.normal(0, 3, (T, V)), 1), rng.integers(0, V, T), weights


def one_row_at_a_time(logits, targets, weights):
    """The definition, number by number, in float64."""
    loss, gradient = [], np.zeros(logits.shape)
    for t, (row, target, weight) in enumerate(zip(logits.tolist(), targets.tolist(), weights.tolist(), strict=True)):
        top = max(row)
        total = math.fsum(math.exp(x - top) for x in row)
        loss.append(-weight * (row[target] - top - math.log(total)))
        for token, x in enumerate(row):
            gradient[t, token] = weight * (math.exp(x - top) / total - (token == target)) + 0.0  # no -0
    return math.fsum(loss), gradient.astype(logits.dtype)


def all_rows_at_once(logits, targets, weights):
    """The same for large float32 arrays."""
    x = np.asarray(logits, np.float64)
    x = x - x.max(axis=1, keepdims=True)
    p = np.exp(x)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(targets))
    loss = -float((weights * np.log(p[rows, targets])).sum(dtype=np.float64))
    p[rows, targets] -= 1
    return loss, (p * np.asarray(weights, np.float64)[:, None]).astype(logits.dtype)


def loss_bound(logits, targets, weights):
    largest = max(1.0, float(np.abs(logits).max())) * float(np.abs(weights).max(initial=0))
    return Bound(
        sum(logits.shape) + 4, largest, reason="sums over a row and the rows",
        epsilon=float(np.finfo(logits.dtype).eps),  # the loss is a number of Python, perhaps computed in float32
    )  # fmt: skip


def untrained_tokens_stay(call, logits, targets, weights):
    _, gradient = call(logits, targets, weights)
    return not gradient[weights == 0].any()


# ---- 11.4 ----


def counts(rng):
    for solved, n in ((1, 2), (0, 1), (1, 1), (0, 78), (78, 78), (39, 78), (5, 10), (1, 100), (480, 500)):
        yield solved, n
    for _ in range(10):
        n = int(rng.integers(1, 300))
        yield int(rng.integers(0, n + 1)), n


NEARLY = Bound(1e-5 / (4 * np.finfo(np.float64).eps), 1.0, reason="so that 1.96 will do for Z")  # 0.00001


def by_bisection(solved, n):
    """Where (share - p)^2 becomes larger than Z^2 p (1 - p) / n, on either side of the share, by halving."""
    share, ends = solved / n, []
    for outside in (0.0, 1.0):
        inside = share
        for _ in range(200):
            middle = (inside + outside) / 2
            if (share - middle) ** 2 > Z * Z * middle * (1 - middle) / n:
                outside = middle
            else:
                inside = middle
        ends.append(inside)
    return tuple(ends)


# ---- 11.5 ----


def rows_of_documents(rng):
    yield (np.array([0, 1]),)
    yield (np.array([0, 2]),)
    yield (np.array([0, 1, 2]),)
    yield (np.array([0, 2, 4]),)
    yield (np.array([0, 1, 3, 6]),)
    for n in (2, 3, 4):
        yield (np.cumsum([0, *rng.integers(1, 4, n).tolist()]),)


def pair_by_pair(starts):
    """Each pair of tokens by itself."""
    N, first = int(starts[-1]), {}
    for begin, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        first |= dict.fromkeys(range(begin, stop), begin)
    return np.array([[first[t] <= s <= t for s in range(N)] for t in range(N)])


# ---- 11.6 ----


def collections(rng):
    """Lists of documents, each (ids, mask)."""

    def made(*lengths):
        numbers = iter(range(1, 99))
        return [
            (np.array([next(numbers) for _ in range(n)]), np.arange(n) >= max(1, n - 2)) for n in lengths
        ]  # fmt: skip

    yield (made(2),)
    yield (made(4),)
    yield (made(2, 2),)
    yield (made(3, 5),)
    yield (made(5, 2, 4),)
    for n in (2, 4):
        documents = []
        for length in rng.integers(2, 7, n).tolist():
            documents.append((rng.integers(0, 50, length).astype(np.int32), rng.integers(0, 2, length).astype(bool)))
        yield (documents,)


def token_by_token(documents):
    inputs, targets, mask, starts = [], [], [], [0]
    for ids, learned in documents:
        for place in range(len(ids) - 1):
            inputs.append(ids[place])
            targets.append(ids[place + 1])
            mask.append(learned[place + 1])
        starts.append(len(inputs))
    kind = documents[0][0].dtype
    return np.array(inputs, kind), np.array(targets, kind), np.array(mask, bool), np.array(starts)


def packed_is_separate(call, documents):
    """A model that knows nothing but the last token: its loss on the row is the sum of its losses on the documents."""

    def losses(inputs, targets, mask, starts):
        return [((inputs[t] * 7 + targets[t] * 3) % 11) * bool(mask[t]) for t in range(len(targets))]

    together = losses(*call(documents))
    return sum(together) == sum(sum(losses(*token_by_token([one]))) for one in documents)


# ---- 11.7 ----

KINDS = {  # what a model does, in words; and whether leaving out document i changes what it says about document j
    "apart": ("reads each document by itself, up to rounding of 0.0004", lambda i, j: False),
    "before": ("sees the documents before", lambda i, j: i < j),
    "after": ("sees the documents after", lambda i, j: i > j),
    "next": ("sees the document just before", lambda i, j: i == j - 1),
    "positions": ("sees no other document, but counts positions through the whole row", lambda i, j: i < j),
    "faint": ("sees a little of the documents before", lambda i, j: i < j),
    "balanced": ("sees the documents before: one target becomes likelier, another as much less", lambda i, j: i < j),
    "middle": ("sees the documents before from one token in the middle", lambda i, j: i < j),
    "likelier": ("finds all targets a little likelier after other documents", lambda i, j: i < j),
}


def pretended(kind):
    """log_probs of a model that does this: made-up numbers, from a document and from what it can see."""

    def of_one(ids, seen, places_before, neighbours):
        values = -((ids[:-1] * 7 + ids[1:] * 3 + np.arange(len(ids) - 1)) % 11 + 1) / 8
        if kind == "apart":
            return values + 2e-4 * (-1.0) ** (np.arange(len(values)) + neighbours)
        if kind == "positions":
            return values - 0.01 * places_before
        if kind == "likelier":
            return values + 0.004 * len(seen)
        change = sum(0.01 * (1 + float(other @ np.arange(1, 1 + len(other)))) for other in seen)
        if kind == "middle":
            values[len(values) // 2] -= change
            return values
        change = 0.002 * len(seen) if kind == "faint" else change
        values[0] -= change
        values[-1] += change if kind == "balanced" else 0
        return values

    def log_probs(documents):
        documents = [np.asarray(ids) for ids in documents]
        result = []
        for j, ids in enumerate(documents):
            seen = [other for i, other in enumerate(documents) if KINDS[kind][1](i, j)]
            result.append(of_one(ids, seen, sum(map(len, documents[:j])), len(documents)))
        return result

    return log_probs


def rows_to_measure(rng):
    for kind in KINDS:
        yield kind, [np.array([3, 1, 2]), np.array([1, 4, 2, 5])]
    for kind in KINDS:
        numbers = rng.permutation(40).tolist()  # all different: no document takes the place of its like
        lengths = rng.integers(3, 10, int(rng.integers(3, 5))).tolist()
        yield kind, [np.array([numbers.pop() for _ in range(n)]) for n in lengths]


def measured(names, kind, documents):
    found = names["leaks"](pretended(kind), documents)
    return sorted((int(i), int(j)) for i, j in found) if isinstance(found, list | tuple | set) else found


def true_leaks(kind, documents):
    n = len(documents)
    return [(i, j) for i in range(n) for j in range(n) if i != j and KINDS[kind][1](i, j)]


CHECKS = {
    "document": Check(cases=demonstrations, expected=by_table, parts=("ids", "mask"), shrink=False),
    "sft_weights": Check(
        cases=masks,
        expected=shared_equally,
        bound=Bound(2, reason="a division"),
        properties=(Property("the weights add up to 1", lambda call, m: not m.any() or abs(call(m).sum() - 1) < 1e-5),),
    ),
    "weighted_loss": Check(
        cases=weighted_rows,
        expected=one_row_at_a_time,
        bound=loss_bound,
        parts=("the loss", "the gradient"),
        properties=(Property("a token of weight 0 has a gradient of 0", untrained_tokens_stay),),
        shrink=False,
    ),
    "wilson": Check(
        cases=counts,
        expected=by_bisection,
        parts=("the lower end", "the upper end"),
        bound=NEARLY,
        properties=(
            Property(
                "n - solved of n gives the same interval, seen from the other end",
                lambda call, k, n: np.allclose(call(n - k, n), [1 - x for x in call(k, n)][::-1], atol=1e-9),
            ),
        ),
        shrink=False,
    ),
    "may_see": Check(cases=rows_of_documents, expected=pair_by_pair, shrink=False),
    "pack": Check(
        cases=collections,
        expected=token_by_token,
        parts=("inputs", "targets", "mask", "starts"),
        properties=(Property("the loss of the row is the sum of the losses of its documents", packed_is_separate),),
        shrink=False,
    ),
    "leaks": Check(
        cases=rows_to_measure,
        expected=true_leaks,
        observe=measured,
        show=lambda kind, documents: (
            f"leaks(log_probs, {literal(documents)})\nHere log_probs pretends to be a model that {KINDS[kind][0]}"
        ),
        shrink=False,
    ),
}
