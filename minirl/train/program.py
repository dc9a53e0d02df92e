"""The program around the chain of chain.py: flags, presets, resuming, branching, and errors in one line."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from minirl import flags
from minirl.runs import PRESETS, Run, Screen, TrainConfig
from minirl.storage.checksums import DamagedError
from minirl.train.branch import branch
from minirl.train.chain import complete
from minirl.train.check import ConfigError, check
from minirl.train.lock import BusyError
from minirl.train.loop import Stopped, TrainingError


@dataclass(frozen=True)
class Arguments(TrainConfig):
    """Trains a tokenizer, pretrains a small transformer, fine-tunes it on a few demonstrations with reasoning, and lets
    REINFORCE, with only a 0/1 reward on the final answer, take it from there. Then measures and reports all of it."""

    preset: Literal["roger", "smoke"] = "roger"
    """Where the defaults come from: "roger" is the main job, "smoke" runs through the whole chain in seconds."""
    base: Path | None = None
    """Branch off from the run in this folder: take over its stages up to --base-stage, and its settings as defaults."""
    base_stage: Literal["pretrain", "sft"] = "sft"
    """The last stage that is taken over from the base."""
    resume: Path | None = None
    """Go on with the run in this folder, as it was configured when it was started; no other flag may be given."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error, 130 stopped by Ctrl-C."""
    argv = list(sys.argv[1:] if argv is None else argv)
    screen = Screen()
    run = None
    try:
        arguments = parse(argv)
        if arguments.resume is not None:
            run = Run.open(arguments.resume)
        else:
            config = TrainConfig(**{f.name: getattr(arguments, f.name) for f in fields(TrainConfig)})
            check(config)
            base = arguments.base
            run = Run.create(config) if base is None else branch(Run.open(base), arguments.base_stage, config)
        complete(run, screen)
    except Stopped as stopped:
        screen.say(str(stopped))
        return 130
    except KeyboardInterrupt:
        screen.say(f"interrupted{go_on(run)}")
        return 130
    except (ConfigError, TrainingError, DamagedError, BusyError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(error if error.errno is None else f"{error}{go_on(run)}", file=sys.stderr)
        return 1
    return 0


def go_on(run: Run | None) -> str:
    """How to go on with a run that something outside of it has ended."""
    if run is None:
        return ""
    return f". What was saved before is whole; go on from there with\n    python -m minirl.train --resume {run.folder}"


def parse(argv: Sequence[str]) -> Arguments:
    """The flags, on top of the values of the preset or the base. Raises ConfigError for flags that exclude each other,
    FileNotFoundError and DamagedError for the base."""
    preset, base = given(argv, "--preset"), given(argv, "--base")
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
    if arguments.resume is not None and len([word for word in argv if word.startswith("--")]) > 1:
        raise ConfigError(
            "--resume goes on with the configuration of the run, so no other flag can be given with it; start a new "
            "run to change something"
        )
    return arguments


def given(argv: Sequence[str], flag: str) -> str | None:
    """The value that a flag has on the command line; of several, the last."""
    found = None
    for word, following in zip_longest(argv, argv[1:]):
        name, equals, value = word.partition("=")
        if name.replace("_", "-") == flag:
            found = value if equals else following
    return found
