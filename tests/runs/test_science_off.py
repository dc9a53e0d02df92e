"""A run without the science questions: --science off."""

from dataclasses import replace

from minirl import tasks
from minirl.evaluation.problem_sets import own_sets
from minirl.runs import Run, demonstrations, shown


def test_science_is_neither_shown_nor_asked(run: Run) -> None:
    config, task = run.config, tasks.get(run.config.task)
    off = replace(config, science="off")
    assert len(shown(config, task)) > len(shown(off, task))
    assert shown(off, task) == demonstrations(off, task)
    labels = [one.label for one in own_sets(run, problems=2, samples=1, seed=0)]
    without = [one.label for one in own_sets(Run(run.folder, off), problems=2, samples=1, seed=0)]
    assert [label for label in labels if "science" in label]
    assert without == [label for label in labels if "science" not in label]
