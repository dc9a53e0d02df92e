"""A run, as a person meets it in a notebook: its folder, its curves, and its model under the microscope."""

from typing import Any

from minirl.microscope import Trace
from minirl.runs.folder import RunFolder
from minirl.runs.trace import trace
from minirl.tasks import ROGER


class Run(RunFolder):
    """A training run. `Run.open("runs/roger")` finds one that `python -m minirl.train` made."""

    def trace(self, question: str = ROGER.question, answer: str | None = None, **settings: Any) -> Trace:
        """Let the model answer a question and record every step. settings: those of `runs.trace.trace`."""
        return trace(self, question, answer, **settings)
