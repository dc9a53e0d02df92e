"""What ranks can say to each other. The whole of it: four messages, and a way to give up together."""

import socket
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

Array = np.ndarray


class Group(ABC):
    """Ranks 0 to size - 1, seen from rank `rank`. All ranks of a group make the same calls in the same order.

    kept: what this rank keeps from one call of `everywhere` to the next, by name. counts: what it has done so far, such
    as the tokens that it trained on.
    """

    rank: int
    size: int

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.counts: Counter[str] = Counter()

    @property
    def host(self) -> str:
        """The name of the machine that this rank runs on."""
        return socket.gethostname()

    @abstractmethod
    def broadcast(self, data: bytes) -> bytes:
        """Rank 0's bytes, on every rank. What the others give is not looked at."""

    @abstractmethod
    def gather(self, data: bytes) -> list[bytes]:
        """On rank 0 the bytes of all ranks, in order; elsewhere an empty list."""

    @abstractmethod
    def exchange(self, partner: int, mine: Array, theirs: Array) -> None:
        """Send `mine` to another rank, which calls this too, and receive what it sends into `theirs`."""

    @abstractmethod
    def spread(self, whole: Array, starts: Sequence[int], stops: Sequence[int]) -> None:
        """Rank r knows whole[starts[r]:stops[r]]; afterwards every rank knows all of these parts."""

    @abstractmethod
    def first(self, n: int) -> "Group":
        """The group of the first n ranks. All ranks call this; those that are not in it get a group of themselves."""

    @abstractmethod
    def abort(self) -> NoReturn:
        """End all ranks at once."""


class Alone(Group):
    """One process by itself: a group of one rank."""

    rank, size = 0, 1

    def broadcast(self, data: bytes) -> bytes:
        return data

    def gather(self, data: bytes) -> list[bytes]:
        return [data]

    def exchange(self, partner: int, mine: Array, theirs: Array) -> None:
        raise ValueError(f"exchange: there is no rank {partner} in a group of one")

    def spread(self, whole: Array, starts: Sequence[int], stops: Sequence[int]) -> None:
        pass

    def first(self, n: int) -> Group:
        return self

    def abort(self) -> NoReturn:
        raise SystemExit(1)
