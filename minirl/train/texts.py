"""All text that a run was trained on, generated again from its configuration."""

from collections.abc import Iterable, Iterator

from minirl.runs import Run, rl_task_of, shown
from minirl.tasks.corpus import Document as Pieces
from minirl.train import pretrain, rehearsal, sft
from minirl.train.real_text import corpus_texts


def training_texts(run: Run) -> Iterator[tuple[str, str]]:
    """Pairs (source, text): everything that a run has been trained on so far, and up to one chunk of documents more;
    of a corpus all of it."""
    config, task, rl_task = run.config, run.task(), rl_task_of(run.config)
    if (state := run.state("pretrain")) is not None and config.corpus:
        for text in corpus_texts(config, run.tokenizer()):
            yield "pretraining", text
    elif state is not None:
        for number in range(state["cursor"]["chunk"] + 1):
            yield from named("pretraining", pretrain.chunk_texts(config, task, number))
    if (state := run.state("sft")) is not None:
        for problem in shown(config, task):
            yield "demonstrations", problem.prompt + problem.completion
        for number in range(state["cursor"]["chunk"] + 1):
            yield from named("rehearsal", sft.chunk_texts(config, task, number))
    if (state := run.state("rl")) is not None:
        for step in range(state["step"]):
            for problem in rl_task.batch(step, config.rl.prompts, config.seed):
                yield "reinforcement learning", problem.question
        for number in range(state["cursor"]["chunk"] + 1):
            yield from named("rehearsal", rehearsal.chunk_texts(config, task, number))


def named(source: str, documents: Iterable[Pieces]) -> Iterator[tuple[str, str]]:
    """The documents as text, each with its source."""
    for pieces in documents:
        yield source, "".join(text for text, _ in pieces)
