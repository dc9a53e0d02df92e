"""Several processes, on one machine or on many, that work as one: `mpiexec -n 4 python -m minirl.train`.

Each process is a rank. Rank 0 leads: it alone runs the program, writes files and talks to the person. The others wait.
Where there is work to share, rank 0 calls a function on all ranks at once and gets their results:

    results = everywhere(function, *arguments)      # function(group, *arguments) on each rank

It is what OpenMP's parallel regions are for threads. Between two such calls only rank 0 works, so whatever a program
does in them is the same with any number of ranks.

    group.py        what ranks can say to each other; one process alone
    mpi.py          the same through MPI
    threads.py      the same between threads of one process
    everywhere.py   calls on all ranks; what the others do meanwhile
    launch.py       whether mpiexec started this process; errors that name their rank
    shares.py       fair shares, and sums in the order of a fixed tree
"""

from minirl.ranks.everywhere import counted, current, everywhere, using
from minirl.ranks.group import Alone, Group
from minirl.ranks.launch import RanksError, on_all_ranks

__all__ = ["Alone", "Group", "RanksError", "counted", "current", "everywhere", "on_all_ranks", "using"]
