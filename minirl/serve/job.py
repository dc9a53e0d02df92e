"""A job: the rows of one request, between the engine's thread, which writes them, and the server, which sends them.

The engine's thread appends what is new; the server wakes up and takes all of it. Nothing is locked: a deque's append
and popleft are safe between threads.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.generate import Row, Sampling
from minirl.generate.sampling import most_likely
from minirl.generate.temperature import temperatures_at
from minirl.serve.errors import ApiError

PACE = 0.003  # seconds from one piece of all answers together to the next: with n open answers, each waits n times this
FASTEST, SLOWEST = 0.01, 0.2  # seconds from one piece of an answer to the next


class Look(NamedTuple):
    """What was seen when a token was drawn."""

    temperature: float
    """Of the step; the numbers below are at temperature 1 where it is 0."""
    log_prob: float
    entropy: float
    """Of the whole distribution, nats."""
    rank: int
    """How many tokens were likelier."""
    ids: list[int]
    """The most likely tokens, the most likely first ..."""
    log_probs: list[float]
    """... and their log-probabilities."""


class News(NamedTuple):
    """Tokens that a row has got."""

    row: int
    ids: list[int]
    log_probs: list[float]
    forced: list[bool]
    looks: list[Look | None] | None
    """One for each token that was drawn; None where nobody looks."""
    time: float
    ended: bool
    """Whether the row is over."""


@dataclass
class Ticket:
    """A row in work: whose it is, and how much of it was told."""

    job: "Job"
    number: int
    told: int
    look: Look | None = None


class Job:
    """The rows of one request. It is made and read in the server's event loop.

    An answer's first token is sent at once. Later ones are sent in pieces, each with all that is there by then, so that
    sending takes only a small share of the machine, however fast the model is and however many listen.
    """

    open = 0  # jobs that somebody reads

    def __init__(
        self, rows: list[list[Row]], sampling: Sampling, *, top: int | None = None, own: bool = False,
        streams: bool = True,
    ) -> None:  # fmt: skip
        """rows: for each prompt its samples. top: how many alternatives of each token are looked at; None: nobody
        looks. own: look at the model's own distribution, of temperature 1, whatever the draw's. streams: whether
        anybody wants tokens before all rows are over."""
        self.rows = [row for group in rows for row in group]
        self.groups, self.sampling, self.top, self.own, self.streams = rows, sampling, top, own, streams
        self.news: deque[News | ApiError] = deque()
        self.left = len(self.rows)  # rows that are not over, as the engine's thread knows it
        self.woken = False
        self._event, self.loop, self._due = asyncio.Event(), asyncio.get_running_loop(), 0.0

    def wake(self) -> None:
        """Called in the event loop: there is news. It waits for its turn, except for the first and the last."""
        if self.left and self.loop.time() < self._due:
            self.loop.call_at(self._due, self._event.set)
        else:
            self._event.set()

    async def batches(self) -> AsyncIterator[list[News]]:
        """All news, as it comes; ends with the last row. Raises ApiError where the engine failed."""
        Job.open += 1
        try:
            async for batch in self._batches():
                yield batch
        finally:
            Job.open -= 1

    async def _batches(self) -> AsyncIterator[list[News]]:
        open_rows = len(self.rows)
        while open_rows:
            await self._event.wait()
            self._event.clear()
            self.woken = False  # before the news is taken: what comes now wakes again
            batch = []
            while self.news:
                one = self.news.popleft()
                if isinstance(one, ApiError):
                    raise one
                batch.append(one)
            open_rows -= sum(one.ended for one in batch)
            if batch:
                self._due = self.loop.time() + min(max(FASTEST, Job.open * PACE), SLOWEST)
                yield batch

    async def all_news(self) -> list[News]:
        """Everything, when all rows are over."""
        return [one async for batch in self.batches() for one in batch]


def look_at(tickets: Sequence[Ticket], logits: Array, ids: Array, steps: Array) -> None:
    """Note what is to be seen in these logits, (N, V), on the tickets of the rows that drew `ids` from them.

    steps: (N,), how many tokens each row had drawn before.
    """
    temperatures = np.array([
        float(temperatures_at(ticket.job.sampling.temperature, np.array([step]))[0])
        for ticket, step in zip(tickets, steps, strict=True)
    ])  # fmt: skip
    scored = np.array([1.0 if ticket.job.own else t or 1.0 for ticket, t in zip(tickets, temperatures, strict=True)])
    z = logits
    if (scored != 1).any():
        shifted = (logits - logits.max(axis=1, keepdims=True)) / scored[:, None]
        z = np.maximum(shifted, np.finfo(np.float32).min).astype(np.float32)
    log_pi = kernels.log_softmax(np.ascontiguousarray(z))
    entropies = -np.einsum("nv,nv->n", np.exp(log_pi), log_pi)
    taken = np.take_along_axis(log_pi, ids[:, None].astype(np.int64), axis=1)
    ranks = (log_pi > taken).sum(axis=1)
    most = min(max(ticket.job.top or 0 for ticket in tickets), log_pi.shape[1])
    best = most_likely(log_pi, most)
    of_best = np.take_along_axis(log_pi, best, axis=1)
    for i, ticket in enumerate(tickets):
        top = ticket.job.top or 0
        ticket.look = Look(
            float(temperatures[i]), float(taken[i, 0]), max(0.0, float(entropies[i])), int(ranks[i]),
            best[i, :top].tolist(), of_best[i, :top].tolist(),
        )  # fmt: skip
