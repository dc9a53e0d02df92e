"""A bug that can be planted: the name of a function, and a wrong version of that function.

Planting replaces the right function by the wrong one everywhere, as if the source had been edited: in the module or
class that defines it, and in every module that has imported it by name. The rest of minirl knows nothing of this.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Bug:
    """One silent bug."""

    name: str
    where: str
    """The function that is wrong, as "module:function" or "module:Class.method"."""
    story: str
    """What it is, why nothing crashes, and where it was seen."""
    symptom: str
    """What the curves show, in one line."""
    signs: tuple[str, ...]
    """The measures of experiment.py that it changes."""
    exposed_by: str
    """The test that fails, as pytest names it."""
    break_: Callable[[Function], Function]
    """Makes the wrong function from the right one."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Inside this context the bug is in the code. Afterwards, even after an error, the right function is back."""
        module, path = self.where.split(":")
        holder = resolve_name(":".join([module, path.rpartition(".")[0]]))
        right = resolve_name(self.where)
        wrong = functools.wraps(right)(self.break_(right))
        replace(holder, right, wrong)
        try:
            yield
        finally:
            replace(holder, wrong, right)


def replace(holder: Any, old: Function, new: Function) -> None:
    """Put `new` in place of the function `old` in `holder` and in all modules, under whatever names they have it."""
    for owner in (holder, *list(sys.modules.values())):
        for name, value in list(getattr(owner, "__dict__", {}).items()):
            if value is old:
                setattr(owner, name, new)
