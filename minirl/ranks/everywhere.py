"""Calls on all ranks: rank 0 says which function and with what, every rank calls it, rank 0 gets all results.

What every rank keeps already, such as a model that all of them train, is sent by its name alone (pickle calls such a
name a persistent id).
"""

import io
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from minirl.ranks.group import Alone, Group

_alone = Alone()
_current: ContextVar[Group] = ContextVar("group", default=_alone)


def current() -> Group:
    """The group that this process leads; a group of one unless the program was started with several ranks."""
    return _current.get()


@contextmanager
def using(group: Group) -> Iterator[None]:
    """Lead this group inside a with block; then let the others go."""
    token = _current.set(group)
    try:
        yield
    finally:
        _current.reset(token)
        if group.size > 1:
            group.broadcast(b"")


def everywhere(function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call function(group, *arguments) on all ranks of the current group; the results in the order of the ranks.

    function: one that other processes find by its name: neither a lambda nor a function inside another. arguments: what
    pickle can send; rank 0 itself gets them as they are. The function may send messages within the group.

    An error on any rank ends all of them, because the others may wait for it. So a function returns what may be
    expected to go wrong, and raises nothing then. Inside it, each rank is alone: `current` is a group of one.
    """
    group = current()
    if group.size == 1:
        return [function(group, *arguments)]
    group.broadcast(packed(group, (function, arguments)))
    token = _current.set(_alone)
    try:
        result = function(group, *arguments)
    except BaseException as error:
        fail(group, error)
    finally:
        _current.reset(token)
    return [result, *(pickle.loads(data) for data in group.gather(b"")[1:])]


def serve(group: Group) -> None:
    """What a rank other than 0 does: call what rank 0 says, until that lets it go. Ctrl-C is rank 0's business."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    while data := group.broadcast(b""):
        try:
            function, arguments = unpacked(group, data)
            group.gather(pickle.dumps(function(group, *arguments), pickle.HIGHEST_PROTOCOL))
        except Exception as error:
            fail(group, error)


def fail(group: Group, error: BaseException) -> NoReturn:
    """Say which rank met which error, and end all ranks."""
    traceback.print_exception(error)
    print(f"rank {group.rank} of {group.size}, on {group.host}: {type(error).__name__}: {error}", file=sys.stderr)
    print("All ranks end. What was saved before is whole; `--resume` goes on from there.", file=sys.stderr, flush=True)
    group.abort()


def packed(group: Group, thing: Any) -> bytes:
    """The bytes of a thing, in which what all ranks keep is a name."""
    names = {id(kept): name for name, kept in group.kept.items()}

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> str | None:
            return names.get(id(obj))

    buffer = io.BytesIO()
    Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(thing)
    return buffer.getvalue()


def unpacked(group: Group, data: bytes) -> Any:
    """What `packed` packed, with this rank's own things for the names."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: Any) -> Any:
            return group.kept[name]

    return Unpickler(io.BytesIO(data)).load()


def counted() -> list[tuple[str, dict[str, int]]]:
    """Of each rank its machine, and what it has done so far: {"trained": tokens, "sampled": tokens}."""
    return everywhere(_counted)


def _counted(group: Group) -> tuple[str, dict[str, int]]:
    return group.host, dict(group.counts)
