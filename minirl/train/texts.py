"""All text that a run was trained on, generated again from its configuration."""

from collections.abc import Iterator

from minirl import tasks
from minirl.runs import Run, shown
from minirl.train.pretrain import chunk_texts


def training_texts(run: Run) -> Iterator[tuple[str, str]]:
    """Pairs (source, text): everything that a run has been trained on so far, and up to one chunk of documents more."""
    config, task = run.config, tasks.get(run.config.task)
    if (state := run.state("pretrain")) is not None:
        for number in range(state["cursor"]["chunk"] + 1):
            for pieces in chunk_texts(config, task, number):
                yield "pretraining", "".join(text for text, _ in pieces)
    if run.state("sft") is not None:
        for problem in shown(config, task):
            yield "demonstrations", problem.prompt + problem.completion
    if (state := run.state("rl")) is not None:
        for step in range(state["step"]):
            for problem in task.batch(step, config.rl.prompts, config.seed):
                yield "reinforcement learning", problem.question
