"""How far a judge can be trusted: calibration, ranking within a problem, and whether it merely likes long answers."""

from collections.abc import Sequence

import numpy as np

from minirl.autograd import Array


def calibration_error(probabilities: Sequence[float] | Array, right: Sequence[bool] | Array, bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3): answers are sorted into `bins` of equal width by their
    probability; in each, the mean probability should be the share that is right. The mean distance of the two, weighted
    by the number of answers.

        >>> calibration_error([0.8] * 10, [True] * 8 + [False] * 2)
        0.0
        >>> round(calibration_error([0.9] * 10, [False] * 10), 3)
        0.9

    Raises ValueError for probabilities outside 0 to 1, and without answers.
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(right, np.float64)
    if p.shape != y.shape or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"calibration_error: shapes {p.shape} and {y.shape}; expected as many probabilities, 0 to 1")
    place = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs((p[place == b] - y[place == b]).mean()) * (place == b).sum() for b in range(bins) if (place == b).any()]
    return round(float(sum(gaps) / len(p)), 12)


def auc_within(scores: Sequence[Sequence[float]], right: Sequence[Sequence[bool]]) -> float:
    """The chance that a right answer scores higher than a wrong one to the same problem, over all such couples; equal
    scores count one half. Problems whose answers are all right or all wrong say nothing. NaN where no problem counts.

        >>> auc_within([[0.9, 0.1], [5.0, 7.0]], [[True, False], [True, True]])
        1.0
    """
    won = couples = 0.0
    for r, y in zip(scores, right, strict=True):
        good = np.array([x for x, ok in zip(r, y, strict=True) if ok])
        bad = np.array([x for x, ok in zip(r, y, strict=True) if not ok])
        won += (good[:, None] > bad).sum() + 0.5 * (good[:, None] == bad).sum()
        couples += good.size * bad.size
    return float(won / couples) if couples else float("nan")


def correlation(first: Sequence[float] | Array, second: Sequence[float] | Array) -> float:
    """Pearson's correlation, of rewards with lengths say; 0 where one of them does not vary."""
    x, y = (np.asarray(v, np.float64) - np.mean(v) for v in (first, second))
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else 0.0
