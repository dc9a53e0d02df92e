"""Marks updates whose loss jumps: a batch of strange text, or a learning rate that is too high.

A loss counts as a spike if it lies far above the median of the last RECENT losses: by more than DEVIATIONS times their
noise, and by more than LEAST nats. The noise is estimated from the steps from one loss to the next, since the loss also
falls: their median size is 0.954 times the standard deviation of the noise. Medians hardly change with a single spike,
so it does not hide the next one.
"""

from collections import deque
from collections.abc import Iterable

import numpy as np

WINDOW, FEWEST, RECENT = 50, 20, 10  # losses that are looked back at; with fewer there is no telling
DEVIATIONS, LEAST = 8.0, 0.5


class Spikes:
    """Remembers the last losses of a stage."""

    def __init__(self, losses: Iterable[float] = ()) -> None:
        """losses: those so far, oldest first, where a stage goes on."""
        self.last: deque[float] = deque(losses, maxlen=WINDOW)

    def see(self, loss: float) -> float | None:
        """The usual loss, if this one is a spike above it; else None. The loss is remembered either way."""
        usual = None
        if len(self.last) >= FEWEST:
            losses = np.array(self.last)
            median = float(np.median(losses[-RECENT:]))
            noise = float(np.median(np.abs(np.diff(losses)))) / 0.954
            usual = median if loss - median > max(DEVIATIONS * noise, LEAST) else None
        self.last.append(loss)
        return usual
