"""The tasks of a run, as the run's settings change them."""

from minirl.runs.config import TrainConfig
from minirl.tasks import Task, get


def task_of(config: TrainConfig) -> Task:
    """The task that a configuration names, with the tools that it gives to the model (the task's own unless it names
    others), and with or without the science questions. Every program asks here, so a run is trained, evaluated and
    talked to in the same way."""
    return as_configured(get(config.task), config)


def rl_task_of(config: TrainConfig) -> Task:
    """The task that reinforcement learning draws its problems from: the run's, unless --rl.task names another."""
    return as_configured(get(config.rl.task or config.task), config)


def as_configured(task: Task, config: TrainConfig) -> Task:
    """The task with the run's tools, and with or without the science questions."""
    if config.tools is not None:
        task = task.with_tools(config.tools)
    return task.without_science() if config.science == "off" else task
