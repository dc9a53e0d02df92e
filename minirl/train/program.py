"""The program around chain.py: flags, presets, resuming, branching, and errors in one line."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from minirl import flags, kernels
from minirl.console import printable
from minirl.gguf import GGUFError
from minirl.model.json_file import CheckpointError
from minirl.ranks import RanksError, on_all_ranks
from minirl.runs import CONFIG, PRESETS, Run, Screen, TrainConfig
from minirl.runs.command import command, resume
from minirl.storage.checksums import DamagedError
from minirl.tasks import whole_name
from minirl.tokenizer.huggingface import FormatError
from minirl.train.base_model import from_model
from minirl.train.branch import branch
from minirl.train.chain import complete, train_tokenizer
from minirl.train.check import ConfigError, check, check_values
from minirl.train.lock import BusyError
from minirl.train.loop import Stopped, TrainingError
from minirl.train.machine import OtherMachineError, tell_other_machine
from minirl.train.plan import make_plan
from minirl.train.real_text import with_steps

BESIDE_RESUME = ("--resume", "--backend", "--accept-other-machine")
FAILURES = (
    TrainingError,
    DamagedError,
    BusyError,
    OtherMachineError,
    CheckpointError,
    FormatError,
    GGUFError,
    RanksError,
)


@dataclass(frozen=True)
class Arguments(TrainConfig):
    """Train a reasoning model end to end: a tokenizer, pretraining of a small transformer, supervised fine-tuning (SFT)
    on a few demonstrations with reasoning, then REINFORCE, whose only reward is 1 for a correct final answer and 0
    otherwise. At the end it measures the model after each stage and writes a report."""

    preset: Literal[
        "roger",
        "smoke",
        "calculator",
        "open-book",
        "look-up",
        "preferences",
        "teach-addition",
        "base-5m",
        "base-30m",
        "gpt2-110m",
        "llama-110m",
    ] = "roger"
    """Where the defaults come from. "roger": the main job, minutes. "smoke": all stages in seconds; learns nothing.
    "calculator": word problems with numbers up to 999 and a tool to calculate with, minutes; with --tools alone, the
    same problems without the tool. "open-book": questions with facts that a search put into the prompt, minutes.
    "look-up": questions about people, and a search that the model calls itself, minutes.
    "preferences": the main job with a reward model that learns from pairs of answers, and PPO, minutes.
    "teach-addition": sums of two digits for a public chat model, with --base-model smollm2-135m, minutes. The others
    pretrain on a --corpus; their names give their parameters."""
    plan: bool = False
    """Say what the run would take (parameters, tokens, memory, hours, measured for 20 s here) and do no more."""
    base: Path | None = None
    """Branch off from the run in this folder: copy its stages up to --base-stage, and use its settings as defaults."""
    base_model: Path | None = None
    """Begin with the model in this folder (Hugging Face's, or a run's stage) or GGUF file, in the place of pretraining;
    smollm2-135m is fetched where it is not here yet. The flags --model.* then have no effect."""
    base_stage: Literal["pretrain", "sft"] = "sft"
    """Last stage to copy from the base."""
    resume: Path | None = None
    """Resume the run in this folder with its original settings; takes no other flag but --backend and
    --accept-other-machine."""
    backend: Literal["native", "reference", "cuda"] | None = None
    """What computes: "native" is C, "reference" NumPy, "cuda" an NVIDIA GPU; without the flag, what MINIRL_BACKEND
    names, or else "native" where it was built."""
    accept_other_machine: bool = False
    """With --resume: go on even where backend, instruction set, precision or version differ from those that the run was
    begun with. The result then has other bits, and config.json says so."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error, 130 stopped by Ctrl-C. Started by mpiexec, it works on
    several ranks."""
    return on_all_ranks(partial(work, list(sys.argv[1:] if argv is None else argv)))


def work(argv: Sequence[str]) -> int:
    """The program on the rank that leads."""
    screen = Screen()
    run = trained = None
    try:
        arguments = parse(argv)
        use_backend(arguments.backend)
        if arguments.resume is not None:
            run = Run.open(arguments.resume)
            check_again(run)
        else:
            config = TrainConfig(**{f.name: getattr(arguments, f.name) for f in fields(TrainConfig)})
            config = with_whole_names(config)
            if arguments.base is None and arguments.base_model is None:
                config = with_steps(config)
            if arguments.base_model is None:
                check(config)
            if arguments.plan:
                screen.say(str(make_plan(config)))
                return 0
            if arguments.base_model is not None:
                run = from_model(arguments.base_model, config)
            elif arguments.base is None:
                trained = train_tokenizer(config)
                run = Run.create(config)
            else:
                base = Run.open(arguments.base)
                run = branch(base, arguments.base_stage, config)
                tell_other_machine(run, base, screen)
        complete(run, screen, trained, accept_other_machine=arguments.accept_other_machine)
    except Stopped as stopped:
        screen.say(str(stopped))
        return 130
    except KeyboardInterrupt:
        screen.say(f"interrupted{go_on(run)}")
        return 130
    except ConfigError as error:
        print(printable(f"{error}{corrected(argv, error)}"), file=sys.stderr)
        return 1
    except FAILURES as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except OSError as error:
        print(printable(str(error) if error.errno is None else f"{error}{go_on(run)}"), file=sys.stderr)
        return 1
    return 0


def use_backend(name: str | None) -> None:
    """Compute with the backend that the flag names. Raises ConfigError where there is no such thing here."""
    if name is not None:
        try:
            kernels.use(name)
        except RuntimeError as error:
            raise ConfigError(f"--backend {name}: {error}") from None


def with_whole_names(config: TrainConfig) -> TrainConfig:
    """The settings with tasks that are found wherever a program is started. Raises ConfigError."""
    try:
        task, of_rl = whole_name(config.task), whole_name(config.rl.task)
    except ValueError as error:
        raise ConfigError(f"--task: {error}") from None
    return replace(config, task=task, rl=replace(config.rl, task=of_rl))


def check_again(run: Run) -> None:
    """Check the settings of a run that is resumed: somebody may have edited its config.json. Raises ConfigError."""
    try:
        check_values(run.config)
    except ConfigError as error:
        raise ConfigError(f"{run.folder / CONFIG}: {error}") from None


def go_on(run: Run | None) -> str:
    """How to resume a run that was ended from outside."""
    return "" if run is None else f". What was saved before is whole; resume from there with\n    {resume(run.folder)}"


def corrected(argv: Sequence[str], error: ConfigError) -> str:
    """The whole command with the flags that the error asks for; nothing where it asks for none."""
    if not error.changes:
        return ""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        name, equals, _ = word.partition("=")
        if name.replace("_", "-") not in error.changes:
            kept.append(word)
        elif not equals:
            next(words, None)  # its value
    changes = [str(part) for change in error.changes.items() for part in change]
    return f":\n    {command('train', *kept, *changes)}"


def parse(argv: Sequence[str]) -> Arguments:
    """The settings: the flags, and the preset's or the base's values for the others. Raises ConfigError for flags that
    exclude each other, FileNotFoundError and DamagedError for the base."""
    preset, base = given(argv, "--preset"), given(argv, "--base")
    if base is not None and given(argv, "--base-model") is not None:
        raise ConfigError("--base branches off from a run, and --base-model begins with a model; give one of the two")
    if base is not None and preset is not None:
        raise ConfigError("--base takes its settings from that run, so --preset cannot be given with it")
    if base is None and given(argv, "--base-stage") is not None:
        raise ConfigError("--base-stage says where to branch off from --base; give that too")
    # flags.parse itself refuses an unknown preset, naming the valid ones
    chosen = PRESETS.get(preset or "roger", PRESETS["roger"]) if base is None else Run.open(base).config
    default = Arguments(**{f.name: getattr(chosen, f.name) for f in fields(TrainConfig)})
    try:
        arguments = flags.parse(Arguments, argv, "python -m minirl.train", default=default)
    except ValueError as error:  # a configuration's own check
        raise ConfigError(str(error)) from None
    if arguments.resume is None and arguments.accept_other_machine:
        raise ConfigError("--accept-other-machine is for a run that goes on; give it with --resume")
    if arguments.resume is not None and any(word.startswith("--") and not is_resuming(word) for word in argv):
        raise ConfigError(
            "--resume continues the run with its original settings, so no other flag can be given with it but "
            "--backend and --accept-other-machine; start a new run to change something"
        )
    return arguments


def is_resuming(word: str) -> bool:
    """Whether a flag may stand beside --resume."""
    return word.partition("=")[0].replace("_", "-").replace("--no-", "--") in BESIDE_RESUME


def given(argv: Sequence[str], flag: str) -> str | None:
    """The value that a flag has on the command line; of several, the last."""
    found = None
    for word, following in zip_longest(argv, argv[1:]):
        name, equals, value = word.partition("=")
        if name.replace("_", "-") == flag:
            found = value if equals else following
    return found
