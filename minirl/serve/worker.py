"""The one thread that computes. It takes in jobs, lets the engines draw, and tells the jobs what is new.

The server's event loop never computes, and this thread never waits for a client. A job that is given up leaves its
slots before the next step.
"""

import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from minirl import kernels
from minirl.autograd import Array
from minirl.generate import Engine, Row
from minirl.serve.errors import ApiError
from minirl.serve.job import Job, Look, News, Ticket, look_at


class Works:
    """One engine, and the tickets of the rows in it."""

    def __init__(self, make: Callable[["Works"], Engine]) -> None:
        """make: builds the engine; called again where a step has failed."""
        self.make, self.tickets = make, dict[int, Ticket]()
        self.looking = False  # whether any ticket wants to see anything
        self.engine = make(self)

    def watch(self, rows: list[Row], logits: Array, ids: Array) -> None:
        """The engine's `watch`: look at the draws that somebody wants to see."""
        if not self.looking:
            return
        wanted = [(i, self.tickets[id(row)]) for i, row in enumerate(rows) if id(row) in self.tickets]
        wanted = [(i, ticket) for i, ticket in wanted if ticket.job.top is not None]
        if not wanted:
            return
        places = [i for i, _ in wanted]
        at = self.engine.at[len(self.engine.rows) - len(rows) :][places]
        steps = self.engine.counts[at] - self.engine.given[at] - 1
        look_at([ticket for _, ticket in wanted], kernels.fetch(logits[places]), ids[places], steps)


class Worker:
    """Start it with `start`, end it with `stop`. All other methods may be called from any thread."""

    def __init__(self) -> None:
        self._orders: deque[Callable[[], None]] = deque()
        self._wake, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="minirl engine", daemon=True)
        self._all: list[Works] = []

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present step; jobs that are not done stay so."""
        self._over = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def add_engine(self, make: Callable[[Works], Engine]) -> Works:
        """An engine of its own for one model."""
        works = Works(make)
        self._order(lambda: self._all.append(works))
        return works

    def submit(self, works: Works, job: Job, groups: int) -> None:
        """Queue the rows of a job, at most `groups` samples of a prompt together."""

        def add() -> None:
            for number, row in enumerate(job.rows):
                works.tickets[id(row)] = Ticket(job, number, len(row.begun))
            works.looking |= job.top is not None
            try:
                for rows in job.groups:
                    for start in range(0, len(rows), groups):
                        works.engine.add(rows[start : start + groups])
            except ValueError as error:  # checked before; if not, it is the client's to know
                self._fail(works, job, ApiError(400, str(error)))

        self._order(add)

    def cancel(self, works: Works, job: Job) -> None:
        """Give a job up; nothing happens where it is over."""

        def drop() -> None:
            mine = [row for row in job.rows if works.tickets.pop(id(row), None) is not None]
            if mine:
                works.engine.drop(mine)

        self._order(drop)

    def _order(self, order: Callable[[], None]) -> None:
        self._orders.append(order)
        self._wake.set()

    # ---- in the thread ----

    def _run(self) -> None:
        while not self._over:
            if not self._orders and not any(works.engine.busy for works in self._all):
                self._wake.wait()
                self._wake.clear()
            while self._orders:
                try:
                    self._orders.popleft()()
                except Exception as error:  # this thread must go on for the others
                    warnings.warn(f"the server has a fault: {error!r}", stacklevel=2)
            for works in self._all:
                if works.engine.busy:
                    self._step(works)

    def _step(self, works: Works) -> None:
        engine = works.engine
        try:
            ended = engine.step()
        except Exception as error:
            warnings.warn(f"the engine failed, and starts afresh: {error!r}", stacklevel=2)
            jobs = {id(ticket.job): ticket.job for ticket in works.tickets.values()}
            works.engine = works.make(works)
            for job in jobs.values():
                self._fail(works, job, ApiError(500, f"the engine failed: {type(error).__name__}"))
            return
        now, told = time.perf_counter(), dict[int, Job]()
        at = engine.at
        counts, last = engine.counts[at].tolist(), engine.last[at].tolist()
        log_probs = engine.log_probs[at, engine.counts[at] - 1].tolist()
        for place, row in enumerate(engine.rows):
            ticket = works.tickets.get(id(row))
            if ticket is None or counts[place] == ticket.told:
                continue
            job, since = ticket.job, ticket.told
            if counts[place] == since + 1:
                looks = None if job.top is None else [ticket.look]
                news = News(ticket.number, [last[place]], [log_probs[place]], [False], looks, now, False)
            else:
                slot, new = at[place], slice(since, counts[place])
                news = _news(
                    ticket, engine.ids[slot, new], engine.log_probs[slot, new], engine.forced[slot, new], now, False
                )
            ticket.told = counts[place]
            job.news.append(news)
            if job.streams:
                told[id(job)] = job
        if ended and works.looking:
            works.looking = any(ticket.job.top is not None for ticket in works.tickets.values())
        for row in ended:
            ticket = works.tickets.pop(id(row), None)
            if ticket is None:
                continue
            new = slice(ticket.told, None)
            ticket.job.news.append(_news(ticket, row.ids[new], row.log_probs[new], row.forced[new], now, True))
            ticket.job.left -= 1
            if ticket.job.streams or not ticket.job.left:
                told[id(ticket.job)] = ticket.job
        _wake([job for job in told.values() if not job.woken or not job.left])

    def _fail(self, works: Works, job: Job, error: ApiError) -> None:
        for row in job.rows:
            works.tickets.pop(id(row), None)
        works.engine.drop(job.rows)
        job.left = 0
        job.news.append(error)
        _wake([job])


def _news(ticket: Ticket, ids: Array, log_probs: Array, forced: Array, now: float, ended: bool) -> News:
    """What a row has got. Of several tokens at once only the first that was drawn has a look; the rest are forced."""
    looks: list[Look | None] | None = None
    if ticket.job.top is not None:
        looks = [None if one else ticket.look for one in forced.tolist()]
    return News(ticket.number, ids.tolist(), log_probs.tolist(), forced.tolist(), looks, now, ended)


def _wake(jobs: list[Job]) -> None:
    """Tell the event loop of these jobs that there is news, once for all of them."""
    if not jobs:
        return
    for job in jobs:
        job.woken = True

    def wake() -> None:
        for job in jobs:
            job.wake()

    with suppress(RuntimeError):  # the loop is closed: the server is going down
        jobs[0].loop.call_soon_threadsafe(wake)
