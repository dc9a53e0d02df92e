"""The worked problems that a run's fine-tuning shows: they follow from its configuration."""

from minirl.runs.config import TrainConfig
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.science import Science


def demonstrations(config: TrainConfig, task: Task) -> list[Problem]:
    """The problems whose solutions are shown."""
    return task.problems("train", config.sft.demonstrations, stream_seed(config.seed, "demonstrations"))


def science_problems() -> list[Problem]:
    """All science questions, in their first wording."""
    science = Science()
    return science.problems("train", science.size("train"))


def shown(config: TrainConfig, task: Task) -> list[Problem]:
    """All problems whose solutions fine-tuning shows."""
    return [*demonstrations(config, task), *science_problems()]
