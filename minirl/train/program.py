"""The main job, from nothing to a report: tokenizer, pretraining, supervised fine-tuning, REINFORCE, evaluation.

`train(config)` is the whole chain, for notebooks and tests; `main` is the program around it. The chain holds no state
of its own: each link looks at the run's folder and does what is missing, so `--resume` is the same chain again, once
rewind.py has taken back what was left half-done.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from pathlib import Path
from typing import Literal

import tyro

from minirl import kernels, tasks
from minirl.checksums import DamagedError
from minirl.evaluate import STAGE_NAMES, evaluate_run, show
from minirl.generate import generate
from minirl.model import GPT
from minirl.report import write_report
from minirl.streams import stream_seed
from minirl.tasks import Task
from minirl.tokenizer import Tokenizer
from minirl.train.branch import branch
from minirl.train.check import ConfigError, check, check_prompts
from minirl.train.config import PRESETS, TrainConfig
from minirl.train.lock import BusyError, locked
from minirl.train.loop import Stopped, TrainingError, run_stage
from minirl.train.pretrain import PretrainStage, tokenizer_texts
from minirl.train.rewind import rewind
from minirl.train.rl import RLStage
from minirl.train.run import METRICS, RESULTS, SAMPLES, TOKENIZER, Run
from minirl.train.screen import Screen
from minirl.train.sft import SFTStage
from minirl.train.stage import Stage

ROGER = (
    "Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. "
    "How many tennis balls does he have now?"
)
SAMPLE_TOKENS = 64
EXAMPLES = (ROGER, "What is the Milky Way?")


def train(config: TrainConfig, screen: Screen | None = None) -> Run:
    """Do the whole main job with a new run; returns the run. Raises ConfigError before anything is computed."""
    check(config)
    run = Run.create(config)
    complete(run, screen or Screen())
    return run


def complete(run: Run, screen: Screen) -> None:
    """Do what is left of a run: from its first to its last link, or from where it was interrupted.

    Raises Stopped after Ctrl-C, TrainingError where training cannot go on, BusyError where another process trains this
    run, DamagedError for a file without which it cannot go on, OSError for one that cannot be written.
    """
    with locked(run.folder):
        rewind(run, screen)
        follow(run, screen)


def follow(run: Run, screen: Screen) -> None:
    """The chain, link by link."""
    config = run.config
    kernels.set_precision(config.precision)
    task = tasks.get(config.task)
    screen.say(f"run folder: {run.folder}")
    tokenizer = the_tokenizer(run, task, screen)
    check_prompts(config, tokenizer, task)
    model = GPT(config.model.gpt(tokenizer.vocab_size), stream_seed(config.seed, "weights"))
    if run.state("pretrain") is None:
        screen.say(f"model: {model.parameter_count():,} parameters")
    for name in run.stages:
        state = run.state(name)
        if state is not None and state["done"]:
            model = run.model(name)
            model.dropout.generator.bit_generator.state = state["dropout"]
        else:
            run_stage(run, make_stage(run, name, model, tokenizer, task, screen), screen)
        for question in EXAMPLES:
            if not run.records(SAMPLES, kind="stage", stage=name, question=question):
                say(run, name, question, model, tokenizer, screen)
    if run.read_json(RESULTS) is None:
        began = time.perf_counter()
        evaluation = config.evaluation
        results = evaluate_run(
            run, screen, stages=run.stages, problems=evaluation.problems, samples=evaluation.samples, seed=config.seed
        )
        run.append(METRICS, {"stage": "evaluate", "seconds": round(time.perf_counter() - began, 3)})
        run.write_json(RESULTS, results)
    show(run.read_json(RESULTS), screen)
    screen.say(f"report: {write_report(run)}")
    screen.say(f"talk with the model: python -m minirl.chat {run.folder}")


# ---- the links of the chain ----


def the_tokenizer(run: Run, task: Task, screen: Screen) -> Tokenizer:
    """The run's tokenizer, trained where there is none yet."""
    if not run.is_whole(TOKENIZER):
        began = time.perf_counter()
        settings = run.config.model
        texts = tokenizer_texts(run.config, task)
        tokenizer = Tokenizer.train(texts, settings.vocab_size, pattern=settings.pattern)
        run.append(METRICS, {"stage": "tokenizer", "seconds": round(time.perf_counter() - began, 3)})
        tokenizer.save(run.folder / TOKENIZER)
        run.seal(TOKENIZER)
        screen.say(f"tokenizer: {tokenizer.vocab_size} tokens")
    return run.tokenizer()


def make_stage(run: Run, name: str, model: GPT, tokenizer: Tokenizer, task: Task, screen: Screen) -> Stage:
    """A stage that trains `model`, which is as the stage before left it."""
    if name == "pretrain":
        return PretrainStage(run.config, model, tokenizer, task)
    if name == "sft":
        return SFTStage(run.config, model, tokenizer, task)
    stage = RLStage(run, model, tokenizer, task)
    if run.state(name) is None:
        screen.say(str(stage.preflight()))
    return stage


def say(run: Run, stage: str, question: str, model: GPT, tokenizer: Tokenizer, screen: Screen) -> None:
    """Show what the model now answers, always taking the likeliest token; and keep it for the report."""
    prompt = f"Q: {question}\nReasoning:"
    (answer,) = generate(model, tokenizer, [prompt], temperature=0.0, max_new_tokens=SAMPLE_TOKENS)
    record = {"kind": "stage", "stage": stage, "question": question, "prompt": prompt, "completion": answer.text}
    run.append(SAMPLES, record)
    screen.sample(f"after {STAGE_NAMES[stage]}", prompt, answer.text)


# ---- the program ----


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
    # tyro itself refuses an unknown preset, naming the valid ones
    chosen = PRESETS.get(preset or "roger", PRESETS["roger"]) if base is None else Run.open(base).config
    default = Arguments(**{f.name: getattr(chosen, f.name) for f in fields(TrainConfig)})
    try:
        arguments = tyro.cli(Arguments, args=argv, default=default, prog="python -m minirl.train")
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
