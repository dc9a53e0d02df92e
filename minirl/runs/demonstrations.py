"""The worked problems that SFT shows in a run; the configuration determines them."""

from minirl.runs.config import TrainConfig
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.science import Science


def demonstrations(config: TrainConfig, task: Task) -> list[Problem]:
    """The task's own problems that are shown with their solutions."""
    return task.problems("train", config.sft.demonstrations, stream_seed(config.seed, "demonstrations"))


def science_problems() -> list[Problem]:
    """All science questions, each in its first wording."""
    science = Science()
    return science.problems("train", science.size("train"))


def shown(config: TrainConfig, task: Task) -> list[Problem]:
    """All problems that SFT shows with their solutions: the task's own, and the science questions in each of the ways
    that training knows to ask them."""
    return [*demonstrations(config, task), *(problem for ways in Science().facts for problem in ways)]
