"""The main job, from nothing to a report: tokenizer, pretraining, supervised fine-tuning, REINFORCE, evaluation.

`train(config)` is the whole chain. The chain holds no state of its own: each link looks at the run's folder and does
what is missing, so `--resume` is the same chain again, once rewind.py has taken back what was left half-done.
"""

import time

from minirl import kernels, tasks
from minirl.evaluation.report import write_report
from minirl.evaluation.results import evaluate_run, show
from minirl.generate import generate
from minirl.model import GPT
from minirl.runs import METRICS, RESULTS, SAMPLES, STAGE_NAMES, TOKENIZER, Run, Screen, TrainConfig
from minirl.streams import stream_seed
from minirl.tasks import ROGER, Task
from minirl.tokenizer import Tokenizer
from minirl.train.check import check, check_prompts
from minirl.train.lock import locked
from minirl.train.loop import run_stage
from minirl.train.pretrain import PretrainStage, tokenizer_texts
from minirl.train.rewind import rewind
from minirl.train.rl import RLStage
from minirl.train.sft import SFTStage
from minirl.train.stage import Stage

SAMPLE_TOKENS = 64
EXAMPLES = (ROGER.question, "What is the Milky Way?")


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
    if run.results() is None:
        began = time.perf_counter()
        evaluation = config.evaluation
        results = evaluate_run(
            run, screen, stages=run.stages, problems=evaluation.problems, samples=evaluation.samples, seed=config.seed
        )
        run.append(METRICS, {"stage": "evaluate", "seconds": round(time.perf_counter() - began, 3)})
        run.write_json(RESULTS, results)
    show(run.results() or [], screen)
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
