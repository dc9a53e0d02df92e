"""The flags of the program."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minirl.generate.options import Drawing, Searching
from minirl.retrieval.lookup import MOST
from minirl.runs import STAGES


@dataclass
class Arguments:
    run: Annotated[Path | None, tyro.conf.Positional] = None
    """Folder of a run, such as runs/roger; or of a model, or a GGUF file."""
    compare: tuple[str, str] | None = None
    """Compare two runs on the same problems, with the first run's settings. A colon selects a stage: runs/roger:sft."""
    together: tuple[Path, ...] = ()
    """Summarise the tables of several runs that differ in their seed: mean, interval over runs, lowest, highest."""
    audit: bool = False
    """Count false positives and false negatives of each answer checker; needs no run."""
    contamination: bool = False
    """Look for the test problems in the run's training text, instead of solving them."""
    faults: bool = False
    """Count the problems that greedy answers leave unsolved by their first fault, instead of the table."""
    task: str | None = None
    """Another task than the run's own, such as arithmetic or countdown. Of arc-easy, openbookqa, qasc and aqua, whose
    questions have options, the likeliest option is chosen."""
    written: bool = False
    """With a --task whose questions have options: let the model write its answers, as for other tasks."""
    split: str | None = None
    """A split of the task: train, dev, test, unseen. Default: every split that training never looks at."""
    limit: int | None = None
    """Largest number of problems per split. Default: as in the run's own table."""
    samples: int | None = None
    """Sampled answers per problem. Default: as in the run's own table."""
    k: str | None = None
    """The k of pass@k and majority@k: numbers up to --samples, separated by commas, 1,4,8. Default: 1 and --samples."""
    stages: tuple[str, ...] = STAGES
    """Which checkpoints to evaluate: pretrain, sft, rl."""
    max_new_tokens: int | None = None
    """Longest answer, in tokens. Default: as in the run's own table."""
    seed: int | None = None
    """Seed that draws problems and samples. Default: the run's seed."""
    ngram: int | None = None
    """Length of the word sequences that --contamination looks up, in words. Default: 13, for short questions less."""
    drawing: Annotated[Drawing, tyro.conf.OmitArgPrefixes] = field(default_factory=Drawing)
    searching: Annotated[Searching, tyro.conf.OmitArgPrefixes] = field(default_factory=Searching)
    tools: tuple[str, ...] | None = None
    """Tools that the model may call, such as calculator. Default: those of the task; --tools alone: none."""
    form: Literal["reasoning", "direct", "facts", "tools", "few_shot", "chat"] | None = None
    """How questions are asked. Default: facts where --facts is given, chat for a chat model of another program, else
    reasoning. direct: the answer at once, without reasoning. tools: with the names of the tools. few_shot: after
    --shots worked examples."""
    shots: int | None = None
    """Worked examples in front of each question, with the forms few_shot and chat. Default: as the run was trained."""
    facts: str | None = None
    """Where facts for each question are looked up: an index, a folder of texts, or science for minirl's own facts."""
    top: int = MOST
    """How many facts go into a prompt at most."""
    choose: bool = False
    """Also choose one of the samples in other ways: by log-probability, by arithmetic, after fewer samples."""
    json: Path | None = None
    """Also write the results to this file, with the outcome of every problem."""


def check(arguments: Arguments) -> None:
    """Raises ValueError for arguments that do not go together."""
    asked = [arguments.run is not None, arguments.compare is not None, bool(arguments.together), arguments.audit]
    if asked.count(True) != 1:
        raise ValueError(
            "give the folder of a run, such as runs/roger, or --compare and two of them, or --together and several, or "
            "--audit alone"
        )
    for name in ("limit", "samples", "max_new_tokens", "ngram"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name.replace('_', '-')} is {value}; give 1 or more")
    arguments.drawing.settings()
    arguments.searching.rule()
    if arguments.shots is not None and arguments.shots < 0:
        raise ValueError(f"--shots is {arguments.shots}; give 0 or more")
    if arguments.seed is not None and arguments.seed < 0:
        raise ValueError(f"--seed is {arguments.seed}; give 0 or more")
