"""The training loop of all stages: update, log, show, save; and resume a stage that was interrupted."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np

from minirl import kernels
from minirl.runs import SAMPLES, STATE, Run, Screen, command
from minirl.storage.checksums import DamagedError
from minirl.train.spikes import WINDOW, Spikes
from minirl.train.stage import Stage


class Stopped(Exception):
    """The user asked to stop (Ctrl-C). The run is saved, and the message says how to resume it."""


class TrainingError(RuntimeError):
    """Training cannot continue. The message says at which step, why, and where the last good checkpoint is."""


def run_stage(run: Run, stage: Stage, screen: Screen) -> None:
    """Make the remaining updates of a stage, and save its checkpoint.

    Saves every `checkpoint_seconds`, and on Ctrl-C after the current update. A run that was killed resumes from its
    last checkpoint, and its updates have the same bits as in a run that was never killed.
    Raises Stopped after Ctrl-C, TrainingError for a loss or gradient that is not finite.
    """
    before, start = resume(run, stage)
    began = saved = time.perf_counter()
    spikes = Spikes(losses(run, stage))
    probe_every = max(1, math.ceil(stage.steps / max(run.config.evaluation.probes, 1)))
    with screen.progress(stage.name, stage.steps, start, stage.most_tokens()) as progress, stop_request() as stop:
        for step in range(start, stage.steps, stage.stride):
            done = min(step + stage.stride, stage.steps)
            stage.optimizer.lr = stage.learning_rate(step)
            try:
                measures = stage.update(step)
            except FloatingPointError as error:
                raise TrainingError(explain(run, stage, step, error)) from error
            if stage.headline == "loss" and (usual := spikes.see(measures["loss"])) is not None:
                measures["spike"] = measures["loss"] - usual
                screen.say(f"{stage.name}, update {done}: the loss jumped to {measures['loss']:.2f}, from {usual:.2f}")
            last = done == stage.steps
            if last or done // probe_every > step // probe_every:
                measures |= stage.probe()
                if remark := stage.remark(done, measures):
                    screen.say(remark)
                show_samples(run, stage, step + 1, screen)
            seconds = before + time.perf_counter() - began
            fixed = {"stage": stage.name, "step": done, "seconds": round(seconds, 3)}
            run.append("metrics.jsonl", {**fixed, "learning_rate": stage.optimizer.lr, **measures})
            progress.advance(measures, stage.headline, done - step)
            stopping = stop.is_set()
            if last or stopping or time.perf_counter() - saved > run.config.checkpoint_seconds:
                save(run, stage, done, seconds)
                saved = time.perf_counter()
            if stopping and not last:
                raise Stopped(
                    f"stopped after step {done} of {stage.steps} of {stage.name}; all is saved. Resume with\n"
                    f"    {command.resume(run.folder)}"
                )
    stage.close()


def losses(run: Run, stage: Stage) -> list[float]:
    """The last losses of a stage that goes on, oldest first."""
    return [record["loss"] for record in run.records(stage=stage.name) if "loss" in record][-WINDOW:]


def show_samples(run: Run, stage: Stage, step: int, screen: Screen) -> None:
    """Keep what the model writes now, and show it."""
    for sample in stage.samples(step):
        run.append(SAMPLES, {"kind": "sample", "stage": stage.name, "step": step, **sample})
        screen.sample(f"after {step} updates, {sample['title']}", sample["prompt"], sample["completion"])


def save(run: Run, stage: Stage, step: int, seconds: float) -> None:
    """Write the stage's checkpoint as it is after `step` updates."""
    state = {"stage": stage.name, "step": step, "done": step == stage.steps, "seconds": round(seconds, 3)}
    run.save(stage.name, stage.model, stage.arrays(), {**state, **stage.state_dict()})


def resume(run: Run, stage: Stage) -> tuple[float, int]:
    """Load the stage's checkpoint, if it has one. Returns the seconds and the updates so far. Raises DamagedError."""
    state = run.state(stage.name)
    if state is None:
        return 0.0, 0
    model = run.model(stage.name)
    try:
        stage.load_weights(model.state_dict())
        stage.load_arrays(run.load_optimizer(stage.name))
        stage.load_state_dict(state)
    except (LookupError, TypeError, ValueError) as error:
        raise DamagedError(f"{run.folder / stage.name} does not fit the run's settings: {error}") from None
    if state["step"] >= stage.steps:
        raise DamagedError(
            f"{run.folder / stage.name / STATE} is damaged: step is {state['step']}, but the stage is not done, and it "
            f"has {stage.steps} steps"
        )
    return state["seconds"], state["step"]


def explain(run: Run, stage: Stage, step: int, error: Exception) -> str:
    """The message of TrainingError: what became infinite or NaN, at which step, and what to do."""
    bad = [name for name, p in stage.model.named_parameters() if not np.isfinite(p.numpy()).all()]
    bad += [
        f"the gradient of {name}"
        for name, p in stage.model.named_parameters()
        if p.grad is not None and not np.isfinite(kernels.fetch(p.grad)).all()
    ]
    state = run.state(stage.name)
    good = f"{run.folder / stage.name} (step {state['step']})" if state else "the one of the stage before"
    return (
        f"{stage.name}, step {step + 1}: {error}. Not finite: {', '.join(bad[:3]) or 'the loss alone'}. "
        f"The last good checkpoint is {good}. A lower --{stage.name}.learning-rate usually helps "
        f"(it was {stage.settings.learning_rate:g})"
    )


@contextmanager
def stop_request() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that the current update is finished; a second Ctrl-C stops at once."""
    asked = threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():  # only the main thread may handle signals
        yield asked
        return
    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, previous)
