"""A run that is stopped or killed goes on with the same bits as one that never was."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from comparing import assert_same

from minirl.runs import STAGES, Run, Screen, TrainConfig
from minirl.train import chain, loop, program
from minirl.train.loop import Stopped, TrainingError
from minirl.train.stage import Stage, SupervisedStage


def interrupted_after(count: int, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Make update number `count` of the whole run be followed by Ctrl-C, or by the death of the process."""
    seen = 0
    original = loop.Run.append

    def append(self: Run, name: str, record: dict) -> None:
        nonlocal seen
        original(self, name, record)
        if name == "metrics.jsonl" and "step" in record:
            seen += 1
            if seen == count and how == "killed":
                raise MemoryError("killed")
            if seen == count and how == "stopped":
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(loop.Run, "append", append)


# pretraining has updates 1 to 6, fine-tuning (16 problems and the science questions, 64 a batch) 7 to 12, RL 13 to 16
@pytest.mark.parametrize(
    ("how", "count"), [("killed", 5), pytest.param("stopped", 9, marks=pytest.mark.slow), ("killed", 13)]
)
def test_resumed_runs_are_the_same(
    how: str, count: int, whole: Run, tiny: TrainConfig, quiet: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(tiny, checkpoint_seconds=0.0)  # after every update, the last of which a killed run loses
    with monkeypatch.context() as patch:
        interrupted_after(count, patch, how)
        run = Run.create(config)
        with pytest.raises(Stopped if how == "stopped" else MemoryError):
            chain.complete(run, quiet)
    assert not (run.folder / "report.md").exists()
    resumed = Run.open(run.folder)
    chain.complete(resumed, quiet)
    assert_same(resumed, whole)
    for stage in STAGES:  # the clock goes on where it stopped
        seconds = [record["seconds"] for record in run.records(stage=stage)]
        assert seconds == sorted(seconds)


def test_stopping_says_how_to_go_on(
    tiny: TrainConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = Run.create(tiny)
    interrupted_after(2, monkeypatch, "stopped")
    assert program.main(["--resume", str(run.folder)]) == 130
    assert f"--resume {run.folder}" in " ".join(capsys.readouterr().out.split())
    state = run.state("pretrain")
    assert state is not None and state["step"] == 2 and not state["done"]


def test_an_interruption_between_updates_says_so_too(
    tiny: TrainConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    run = Run.create(tiny)
    monkeypatch.setattr(chain, "the_tokenizer", interrupt)
    assert program.main(["--resume", str(run.folder)]) == 130
    assert f"--resume {run.folder}" in " ".join(capsys.readouterr().out.split())


def test_resuming_what_is_no_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert program.main(["--resume", str(tmp_path)]) == 1
    assert "there is no run in" in capsys.readouterr().err


def test_resuming_a_finished_run_trains_nothing(whole: Run, quiet: Screen) -> None:
    before = (whole.folder / "metrics.jsonl").read_bytes()
    chain.complete(Run.open(whole.folder), quiet)
    assert (whole.folder / "metrics.jsonl").read_bytes() == before


def test_the_same_seed_gives_the_same_run(whole: Run, tiny: TrainConfig, quiet: Screen) -> None:
    assert_same(chain.train(tiny, quiet), whole)


def test_a_new_run_never_overwrites_one(tiny: TrainConfig) -> None:
    assert [Run.create(tiny).folder.name for _ in range(3)] == ["tiny", "tiny-2", "tiny-3"]


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_numbers_that_are_not_finite_stop_the_run(
    what: str, tiny: TrainConfig, quiet: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the step, the tensor and the last good checkpoint; the weights on disk are good."""
    run = Run.create(tiny)
    original = SupervisedStage.update

    def update(self: Stage, step: int) -> dict[str, float]:
        if self.name == "sft" and step == 2:
            weight = self.model.blocks[0].mlp.up.weight
            weight.data[0, 0] = np.nan if what == "loss" else np.float32(3e38)
        return original(self, step)

    monkeypatch.setattr(SupervisedStage, "update", update)
    with pytest.raises(TrainingError, match=r"sft, step 3: .*checkpoint is .*--sft.learning-rate") as stopped:
        chain.complete(run, quiet)
    if what == "loss":
        assert "blocks.0.mlp.up.weight" in str(stopped.value)
    state = json.loads((run.folder / "pretrain" / "state.json").read_text())
    assert state["done"]
    assert all(np.isfinite(x).all() for x in run.model("pretrain").state_dict().values())
