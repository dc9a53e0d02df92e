"""The worked problems that SFT shows in a run; the configuration determines them."""

import random

from minirl.runs.config import TrainConfig
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.science import Science, with_words_missing


def demonstrations(config: TrainConfig, task: Task) -> list[Problem]:
    """The task's own problems that are shown with their solutions."""
    return task.problems("train", config.sft.demonstrations, stream_seed(config.seed, "demonstrations"))


def science_problems() -> list[Problem]:
    """All science questions, each in its first wording."""
    science = Science()
    return science.problems("train", science.size("train"))


def shown(config: TrainConfig, task: Task) -> list[Problem]:
    """All problems that SFT shows with their solutions: the task's own, and each science question as it is and with
    words missing, unless the task or the run does without science."""
    science, rng = science_problems() if task.science else [], random.Random(stream_seed(config.seed, "words missing"))
    return [*demonstrations(config, task), *science, *(with_words_missing(problem, rng) for problem in science)]
