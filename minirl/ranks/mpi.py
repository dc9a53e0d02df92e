"""A group of ranks through MPI, by mpi4py: any MPI library, on one machine or over a network.

MPI's own calls wait by asking again and again, which takes a whole core. Where ranks outnumber cores, a waiting rank
would so take the core from the one that it waits for. Therefore nothing here blocks inside MPI: a request is begun, and
asked after with pauses.

MPI adds numbers too (MPI_Allreduce), but in an order that depends on the library, the size and the number of ranks.
The sums of this project are made by shares.py, so that they have the same bits for any number of ranks.
"""

import time
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from mpi4py import MPI

from minirl.ranks.group import Alone, Array, Group

EAGER = 200  # times that a request is asked after without a pause
PAUSE = 2e-5  # seconds; a message moves on by some kilobytes whenever it is asked after, so pauses are short
IDLE_PAUSE = 5e-4  # where nothing moves: while a rank waits for work


class Mpi(Group):
    """All processes that one mpiexec started, or the first of them."""

    def __init__(self, comm: "MPI.Comm | None" = None) -> None:
        super().__init__()
        self.comm = MPI.COMM_WORLD if comm is None else comm
        self.rank, self.size = self.comm.Get_rank(), self.comm.Get_size()

    @property
    def host(self) -> str:
        return MPI.Get_processor_name()

    def broadcast(self, data: bytes) -> bytes:
        length = np.array([len(data)], np.int64)
        wait(self.comm.Ibcast(length), longest=IDLE_PAUSE)
        buffer = bytearray(data) if self.rank == 0 else bytearray(int(length[0]))
        wait(self.comm.Ibcast([buffer, MPI.BYTE]))
        return bytes(buffer)

    def gather(self, data: bytes) -> list[bytes]:
        lengths = np.zeros(self.size, np.int64)
        wait(self.comm.Igather(np.array([len(data)], np.int64), lengths))
        if self.rank:
            wait(self.comm.Igatherv([data, MPI.BYTE], None))
            return []
        ends = np.cumsum(lengths)
        buffer = bytearray(int(ends[-1]))
        wait(self.comm.Igatherv([data, MPI.BYTE], [buffer, lengths, ends - lengths, MPI.BYTE]))
        return [bytes(buffer[end - length : end]) for end, length in zip(ends, lengths, strict=True)]

    def exchange(self, partner: int, mine: Array, theirs: Array) -> None:
        wait(self.comm.Irecv(theirs, partner), self.comm.Isend(mine, partner))

    def spread(self, whole: Array, starts: Sequence[int], stops: Sequence[int]) -> None:
        counts = np.subtract(stops, starts)
        wait(self.comm.Iallgatherv(MPI.IN_PLACE, [whole, (counts, np.array(starts))]))

    def first(self, n: int) -> Group:
        if n == self.size:
            return self
        inside = self.rank < n
        comm = self.comm.Split(int(inside), self.rank)
        return Mpi(comm) if inside else Alone()

    def abort(self) -> NoReturn:
        MPI.COMM_WORLD.Abort(1)
        raise SystemExit(1)  # never reached


def wait(*requests: "MPI.Request", longest: float = PAUSE) -> None:
    """Until all of these are done, leaving the core to others. longest: seconds of a pause, in the end."""
    waiting, asked, pause = list(requests), 0, PAUSE
    while not MPI.Request.Testall(waiting):
        asked += 1
        if asked < EAGER:
            time.sleep(0)
        else:
            time.sleep(pause)
            pause = min(1.5 * pause, longest)
