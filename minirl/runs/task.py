"""The task of a run, as the run's settings change it."""

from minirl.runs.config import TrainConfig
from minirl.tasks import Task, get


def task_of(config: TrainConfig) -> Task:
    """The task that a configuration names, with the tools that it gives to the model (the task's own unless it names
    others), and with or without the science questions. Every program asks here, so a run is trained, evaluated and
    talked to in the same way."""
    task = get(config.task)
    if config.tools is not None:
        task = task.with_tools(config.tools)
    return task.without_science() if config.science == "off" else task
