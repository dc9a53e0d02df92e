"""How ranks begin: mpiexec starts the same program several times, and tells each process so in its environment.

A program that was started alone imports nothing of MPI. One that was started by mpiexec and cannot reach the others
ends with an error: as several independent programs they would do the same work in the same folder.
"""

import os
import sys
from collections.abc import Callable

from minirl.ranks.everywhere import serve, using
from minirl.ranks.group import Group

SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS")  # MPICH and Intel MPI; Open MPI; others
RANKS = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "MPI_LOCALRANKID")


class RanksError(RuntimeError):
    """The processes that mpiexec started cannot work together; the message says why."""


def on_all_ranks(program: Callable[[], int]) -> int:
    """Run a program on rank 0, while the other ranks do their part; returns the exit status."""
    try:
        group = started_group()
    except RanksError as error:
        if announced(RANKS, 0) == 0:  # one of the processes says it for all
            print(error, file=sys.stderr)
        return 1
    if group is None:
        return program()
    if group.rank:
        serve(group)
        return 0
    with using(group):
        return program()


def started_group() -> Group | None:
    """The group of all processes that mpiexec started with this one; None for a process alone. Raises RanksError where
    they cannot reach each other."""
    expected = announced(SIZES, 1)
    if expected == 1:
        return None
    try:
        from minirl.ranks.mpi import Mpi
    except (ImportError, RuntimeError) as error:  # no mpi4py, or no MPI library behind it
        raise RanksError(
            f"mpiexec started {expected} processes, but they cannot reach each other: {error}. Install what is missing "
            "with `pip install mpi4py mpich`, or start one process without mpiexec"
        ) from None
    group = Mpi()
    if group.size != expected:
        raise RanksError(
            f"mpiexec started {expected} processes, but mpi4py sees {group.size}: it was loaded with another MPI "
            "library than mpiexec belongs to. `python -m mpi4py --mpi-lib-version` says which; take its own mpiexec"
        )
    return group


def announced(names: tuple[str, ...], default: int) -> int:
    """The first of these numbers that the environment holds."""
    return next((int(os.environ[name]) for name in names if os.environ.get(name, "").isdigit()), default)
