"""The task of a run, with the tools of the run."""

from minirl.runs.config import TrainConfig
from minirl.tasks import Task, get


def task_of(config: TrainConfig) -> Task:
    """The task that a configuration names, with the tools that it gives to the model: the task's own unless it names
    others. Every program asks here, so a run is trained, evaluated and talked to with the same tools."""
    task = get(config.task)
    return task if config.tools is None else task.with_tools(config.tools)
