"""Ranks as threads of one process: the same calls and the same bits as with MPI, for tests and for lesson 20.

with ranks(2):
    ...                             # `everywhere` calls a function on both
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from minirl.ranks.everywhere import serve, using
from minirl.ranks.group import Alone, Array, Group

SECONDS = 60.0  # after which a rank that waits for another gives up


class Shared:
    """What the ranks of a group have in common."""

    def __init__(self, size: int) -> None:
        self.meeting = threading.Barrier(size, timeout=SECONDS)
        self.slots: list[Any] = [None] * size


class Thread(Group):
    """A rank that is a thread."""

    def __init__(self, shared: Shared, rank: int) -> None:
        super().__init__()
        self.shared, self.rank, self.size = shared, rank, len(shared.slots)
        self.sent = 0  # numbers

    def all(self, thing: Any) -> list[Any]:
        """The things of all ranks."""
        self.shared.slots[self.rank] = thing
        self.shared.meeting.wait()
        found = list(self.shared.slots)
        self.shared.meeting.wait()
        return found

    def broadcast(self, data: bytes) -> bytes:
        return self.all(data)[0]

    def gather(self, data: bytes) -> list[bytes]:
        found = self.all(data)
        return [] if self.rank else found

    def exchange(self, partner: int, mine: Array, theirs: Array) -> None:
        self.sent += mine.size
        theirs[...] = self.all(mine.copy())[partner]

    def spread(self, whole: Array, starts: Sequence[int], stops: Sequence[int]) -> None:
        parts = self.all(whole[starts[self.rank] : stops[self.rank]].copy())
        for part, start, stop in zip(parts, starts, stops, strict=True):
            whole[start:stop] = part

    def first(self, n: int) -> Group:
        if n == self.size:
            return self
        shared = self.all(Shared(n))[0]
        return Thread(shared, self.rank) if self.rank < n else Alone()

    def abort(self) -> NoReturn:
        self.shared.meeting.abort()
        raise SystemExit(1)


@contextmanager
def ranks(size: int) -> Iterator[list[Group]]:
    """Inside, this thread leads `size` ranks."""
    shared = Shared(size)
    group: list[Group] = [Thread(shared, rank) for rank in range(size)]
    threads = [threading.Thread(target=serve, args=(one,), daemon=True) for one in group[1:]]
    for thread in threads:
        thread.start()
    try:
        with using(group[0]):
            yield group
    finally:
        for thread in threads:
            thread.join()


def on_ranks(size: int, function: Callable[[Group], Any]) -> list[Any]:
    """What the function returns on each of `size` ranks."""
    shared = Shared(size)
    found: list[Any] = [None] * size

    def work(rank: int) -> None:
        found[rank] = function(Thread(shared, rank))

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
