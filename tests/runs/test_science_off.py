"""A run without the science questions: --science off."""

from dataclasses import replace

from minirl.evaluation.problem_sets import own_sets
from minirl.runs import Run, demonstrations, shown, task_of


def test_science_is_neither_shown_nor_asked(run: Run) -> None:
    off = replace(run.config, science="off")
    task = task_of(off)
    assert len(shown(run.config, run.task())) > len(shown(off, task))
    assert shown(off, task) == demonstrations(off, task)
    labels = [one.label for one in own_sets(run, problems=2, samples=1, seed=0)]
    without = [one.label for one in own_sets(Run(run.folder, off), problems=2, samples=1, seed=0)]
    assert [label for label in labels if "science" in label]
    assert without == [label for label in labels if "science" not in label]
