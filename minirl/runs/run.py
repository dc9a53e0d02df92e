"""A run, as a person meets it in a notebook: its state, its results, its curves, and its model under the microscope.

run = Run.open("runs/roger")
run                                  # what was trained, and how well it does
run.table()                          # the results, with intervals
run.plot("reward")                   # a curve; run.plot() draws all of them
run.trace()                          # an informative prompt, token by token
run.trace("Tom has 3 pens and buys 4 more. How many pens does he have?", "7")
"""

import html
from typing import Any

from minirl.figure import Figure
from minirl.microscope import Trace
from minirl.runs.command import resume
from minirl.runs.curves import draw_plots
from minirl.runs.folder import STAGE_NAMES, RunFolder
from minirl.runs.results import Results
from minirl.runs.trace import INFORMATIVE, trace
from minirl.storage.checksums import DamagedError


class Run(RunFolder):
    """A training run. `Run.open("runs/roger")` finds one that `python -m minirl.train` made."""

    def plot(self, name: str | None = None) -> Figure:
        """A training curve by its name, such as "reward"; without a name all of them.

        Raises ValueError for an unknown name, with the list of names, and where the run has no such measures yet.
        """
        return draw_plots([self], name)

    def trace(self, question: str = INFORMATIVE, answer: str | None = None, **settings: Any) -> Trace:
        """Let the model answer a question and record every step. Without a question it is an informative prompt: some
        of its samples are right and some wrong. settings: those of `runs.trace.trace`."""
        return trace(self, question, answer, **settings)

    def table(self) -> Results:
        """The final table. Raises FileNotFoundError where the run was not evaluated yet."""
        results = self.results()
        if results is None:
            raise FileNotFoundError(f"{self.folder} has no results yet; `{resume(self.folder)}` goes on with it")
        return Results(results)

    def progress(self) -> dict[str, str]:
        """What became of each stage: "8000 updates", "120 updates so far", "not started" or "damaged"."""
        told = {}
        for stage in self.stages:
            try:
                state = self.state(stage)
            except DamagedError:
                told[stage] = "damaged"
                continue
            if state is None:
                told[stage] = "not started"
            else:
                told[stage] = f"{state['step']} updates{'' if state['done'] else ' so far'}"
        return told

    def headline(self) -> str:
        """Greedy accuracy after each stage, in words."""
        try:
            results = self.results()
        except ValueError:  # damaged, or of a task that this program does not know
            return "the results cannot be read"
        if results is None:
            return "not evaluated yet"
        split, accuracies = Results(results).headline()
        told = ", ".join(f"{value:.1f}% after {STAGE_NAMES.get(stage, stage)}" for stage, value in accuracies.items())
        return f"{split} problems solved: {told}"

    def __repr__(self) -> str:
        stages = ", ".join(f"{STAGE_NAMES[stage]} {done}" for stage, done in self.progress().items())
        return f"Run({str(self.folder)!r}: {stages}; {self.headline()})"

    def _repr_html_(self) -> str:
        stages = [(STAGE_NAMES[stage], done) for stage, done in self.progress().items()]
        rows = [("folder", str(self.folder)), *stages, ("greedy accuracy", self.headline())]
        body = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows)
        return f"<table><caption>run {html.escape(self.folder.name)}</caption><tbody>{body}</tbody></table>"
