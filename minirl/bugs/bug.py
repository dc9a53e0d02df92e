"""A bug that can be planted: the name of a function, and a wrong version of that function.

Planting replaces the right function by the wrong one everywhere, as if the source had been edited (minirl/swap.py). The
rest of minirl knows nothing of this.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from minirl.swap import Function, replaced


@dataclass(frozen=True)
class Bug:
    """One silent bug.

    name: how it is called. where: the function that is wrong, "module:function" or "module:Class.method". story: what
    it is, why nothing crashes, and where it was seen. symptom: what the curves show, in one line. signs: the measures
    of minirl.bugs.experiment that it changes. exposed_by: the test that fails. break_: gets the right function, and
    returns the wrong one. `with bug.planted(): ...` puts it into the code for a while.
    """

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

    def planted(self) -> AbstractContextManager[None]:
        """Inside this context the bug is in the code. Afterwards, even after an error, the right function is back."""
        return replaced(self.where, self.break_)
