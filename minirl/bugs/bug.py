"""A bug that can be planted: the name of one function, and what a wrong version of it does.

Planting puts the wrong version wherever the right one is, as if the source had been edited: in the module or class that
defines it, and in every module that has imported it by name. No code of minirl knows of this.
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
    """What it is, why nothing crashes, and who had it."""
    symptom: str
    """What the curves show, in one line."""
    signs: tuple[str, ...]
    """The measures of experiment.py that tell of it."""
    exposed_by: str
    """The test that fails, as pytest names it."""
    break_: Callable[[Function], Function]
    """Makes the wrong function from the right one."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The bug is in the code inside; the right function is back afterwards, also after an error."""
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
    """Where `holder` or any module has the function `old`, under whatever name, it has `new` from now on."""
    for owner in (holder, *list(sys.modules.values())):
        for name, value in list(getattr(owner, "__dict__", {}).items()):
            if value is old:
                setattr(owner, name, new)
