"""The main job, from nothing to a report: tokenizer, pretraining, supervised fine-tuning, REINFORCE, evaluation.

`train(config)` is the whole chain, for notebooks and tests; `main` is the program around it. The chain holds no state of
its own: each link looks at the run's folder, does what is missing, and so `--resume` is the same chain again.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from minirl import kernels, tasks
from minirl.evaluate import STAGE_NAMES, evaluate_run, show
from minirl.generate import generate
from minirl.model import GPT
from minirl.report import write_report
from minirl.streams import stream_seed
from minirl.tasks import Task
from minirl.tokenizer import Tokenizer
from minirl.train.check import ConfigError, check, check_prompts
from minirl.train.config import PRESETS, TrainConfig
from minirl.train.loop import Stopped, TrainingError, run_stage
from minirl.train.pretrain import pretrain_stage, tokenizer_texts
from minirl.train.rl import rl_stage
from minirl.train.run import METRICS, RESULTS, SAMPLES, STAGES, Run
from minirl.train.screen import Screen
from minirl.train.sft import sft_stage
from minirl.train.stage import Stage

ROGER = (
    "Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. "
    "How many tennis balls does he have now?"
)
MILKY_WAY = "What is the Milky Way?"

MAKE_STAGE: dict[str, Callable[[TrainConfig, GPT, Tokenizer, Task], Stage]] = {
    "pretrain": pretrain_stage,
    "sft": sft_stage,
}


def train(config: TrainConfig, screen: Screen | None = None) -> Run:
    """Do the whole main job with a new run; returns the run. Raises ConfigError before anything is computed."""
    check(config)
    run = Run.create(config)
    complete(run, screen or Screen())
    return run


def complete(run: Run, screen: Screen) -> None:
    """Do what is left of a run: from its first to its last link, or from where it was interrupted.

    Raises Stopped after Ctrl-C, TrainingError where training cannot go on.
    """
    config = run.config
    kernels.set_precision(config.precision)
    rewind(run)
    task = tasks.get(config.task)
    screen.say(f"run folder: {run.folder}")
    tokenizer = the_tokenizer(run, task, screen)
    check_prompts(config, tokenizer, task)
    model = GPT(config.model.gpt(tokenizer.vocab_size), stream_seed(config.seed, "weights"))
    if run.state("pretrain") is None:
        screen.say(f"model: {model.parameter_count():,} parameters")
    for name in STAGES:
        state = run.state(name)
        if state is not None and state["done"]:
            model = run.model(name)
        else:
            run_stage(run, make_stage(run, name, model, tokenizer, task, screen), screen)
        if not run.records(SAMPLES, kind="stage", stage=name):
            say_roger(run, name, model, tokenizer, screen)
    if run.read_json(RESULTS) is None:
        began = time.perf_counter()
        evaluation = config.evaluation
        results = evaluate_run(
            run, screen, stages=STAGES, problems=evaluation.problems, samples=evaluation.samples, seed=config.seed
        )
        run.append(METRICS, {"stage": "evaluate", "seconds": round(time.perf_counter() - began, 3)})
        run.write_json(RESULTS, results)
    show(run.read_json(RESULTS), screen)
    screen.say(f"report: {write_report(run)}")
    screen.say(f"talk with the model: python -m minirl.chat {run.folder}")
