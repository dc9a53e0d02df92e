"""Put another function in the place of one of minirl's, everywhere and for a while, as if the source had been edited.

    with replaced("minirl.rl.mdp:State.after", lambda original: mine):
        ...                                 # every caller of State.after calls mine

A function is found under three kinds of names: in the module or class that defines it, in every module that imported
it by name, and as a value in a table such as `advantage.KINDS`. All of them are changed. A function that hides in a
closure, in a default argument or in C is not reached. So whoever replaces a function should count its calls.

minirl.bugs plants its bugs with this, and minirl.lessons puts the learner's own functions into training.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any

Function = Callable[..., Any]

_active: list[str] = []  # without those that only look on
_all: list[str] = []


@contextmanager
def replaced(where: str, make: Callable[[Function], Function], *, watches: bool = False) -> Iterator[None]:
    """Inside this context the function at `where`, "module:function" or "module:Class.method", is make(function).

    watches: whether the new function only looks on while the old one does the work; `active` leaves it out. Afterwards,
    even after an error, the original is back everywhere.
    """
    module, path = where.split(":")
    holder = resolve_name(":".join([module, path.rpartition(".")[0]]))
    original = resolve_name(where)
    new = functools.wraps(original)(make(original))
    put(holder, original, new)
    _active.extend([] if watches else [where])
    _all.append(where)
    try:
        yield
    finally:
        if not watches:
            _active.remove(where)
        _all.remove(where)
        put(holder, new, original)


def active() -> tuple[str, ...]:
    """The places whose function is replaced now, the oldest replacement first."""
    return tuple(_active)


def untouched() -> bool:
    """Whether every function is minirl's own, and nobody looks on. Only then may several functions be computed by one
    that stands for all of them."""
    return not _all


def put(holder: Any, old: Function, new: Function) -> None:
    """Put `new` in place of `old` in `holder`, in all modules, and in the tables of minirl's modules."""
    for owner in (holder, *list(sys.modules.values())):
        names = getattr(owner, "__dict__", {})
        ours = str(names.get("__name__", "")).partition(".")[0] == "minirl"
        for name, value in list(names.items()):
            if value is old:
                setattr(owner, name, new)
            elif ours and type(value) is dict:
                for key in [key for key, member in value.items() if member is old]:
                    value[key] = new
