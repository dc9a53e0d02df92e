"""Ranks in a ring, for lesson 20: each sends to the next one and hears from the one before, and numbers are counted.

    results, sent = ring(4, lambda rank, send, receive: ...)

Ranks are threads here. Where all that are left wait for a message, nobody will ever send one: then the ring stops, and
says who waited for whom.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from minirl.lessons.unusable import Unusable

Array = np.ndarray
Send = Callable[[Array], None]
Receive = Callable[[], Array]
Sum = Callable[[Array], Array]


class Ring:
    """The mail of a ring."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.mail: list[deque[Array]] = [deque() for _ in range(size)]
        self.sent = [0] * size
        """Numbers that each rank sent."""
        self.news = threading.Condition()
        self.waiting: set[int] = set()
        self.done: set[int] = set()
        self.stuck = False

    def send(self, rank: int, x: Array) -> None:
        """Put a copy of x into the mail of the next rank."""
        x = np.array(x)
        with self.news:
            self.mail[(rank + 1) % self.size].append(x)
            self.sent[rank] += x.size
            self.news.notify_all()

    def receive(self, rank: int) -> Array:
        """The next array from the rank before; waits for it. Raises Unusable where none can come."""
        with self.news:
            self.waiting.add(rank)
            self.look()
            while not self.mail[rank] and not self.stuck:
                self.news.wait()
            self.waiting.discard(rank)
            if self.mail[rank]:
                return self.mail[rank].popleft()
        raise Unusable(
            f"rank {rank} of {self.size} waits for an array from rank {(rank - 1) % self.size}, and nobody sends any "
            "more. Every rank has to send as many as the next one receives"
        )

    def end(self, rank: int) -> None:
        """This rank has finished."""
        with self.news:
            self.done.add(rank)
            self.look()

    def look(self) -> None:
        """Stop the ring where nobody can go on."""
        idle = len(self.waiting) + len(self.done) == self.size
        if idle and self.waiting and not any(self.mail[rank] for rank in self.waiting):
            self.stuck = True
            self.news.notify_all()


def ring(size: int, work: Callable[[int, Send, Receive], Any]) -> tuple[list[Any], list[int]]:
    """What work(rank, send, receive) returns on each of `size` ranks, and how many numbers each of them sent.

    send(x) sends an array to rank + 1, and from the last rank to rank 0. It does not wait. receive() is the next array
    from rank - 1, and waits for it. An error on a rank is raised here; Unusable where ranks wait for each other for
    ever.
    """
    mail = Ring(size)
    results: list[Any] = [None] * size
    errors: dict[int, Exception] = {}

    def run(rank: int) -> None:
        try:
            results[rank] = work(rank, lambda x: mail.send(rank, x), lambda: mail.receive(rank))
        except Exception as error:
            errors[rank] = error
        finally:
            mail.end(rank)

    threads = [threading.Thread(target=run, args=(rank,), daemon=True) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in sorted((errors[rank] for rank in sorted(errors)), key=lambda error: isinstance(error, Unusable)):
        raise error  # one that made others wait comes first
    return results, mail.sent


def summing(rank: int, size: int, send: Send, receive: Receive) -> Sum:
    """A simple all_reduce(x): every array goes once around, and is added in the order of the ranks.

    Raises Unusable where the arrays of the ranks have unlike shapes: then they are at different calls.
    """

    def all_reduce(x: Array) -> Array:
        found = {rank: np.asarray(x)}
        for step in range(1, size):
            send(found[(rank - step + 1) % size])
            found[(rank - step) % size] = receive()
        shapes = {one.shape for one in found.values()}
        if len(shapes) > 1:
            raise Unusable(
                "all_reduce adds arrays of one shape, and the ranks gave it arrays of different shapes: "
                f"{', '.join(map(str, sorted(shapes)))}. All ranks have to make the same calls in the same order"
            )
        total = found[0].copy()
        for other in range(1, size):
            total += found[other]
        return total

    return all_reduce
