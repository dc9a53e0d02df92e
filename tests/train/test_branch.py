"""Branching: a run that takes the first stages of another, goes on differently, and stands on its own."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from comparing import assert_same

from minirl.evaluation.markdown import escaped
from minirl.runs import METRICS, SAMPLES, STAGES, Run, Screen
from minirl.storage.checksums import DamagedError
from minirl.train import chain, program
from minirl.train.branch import branch
from minirl.train.check import ConfigError


@pytest.fixture
def base(whole: Run, tmp_path: Path) -> Run:
    """A finished run that a test may damage."""
    return Run.open(shutil.copytree(whole.folder, tmp_path / "base"))


def flags(base: Run, tmp_path: Path, *more: str) -> list[str]:
    return ["--base", str(base.folder), "--runs", str(tmp_path / "runs"), "--name", "other", *more]


@pytest.mark.parametrize("stage", ["pretrain", "sft"])
def test_a_branch_that_changes_nothing_is_the_base_again(
    stage: str, base: Run, whole: Run, tmp_path: Path, quiet: Screen
) -> None:
    run = branch(base, stage, replace(base.config, runs=str(tmp_path / "runs")))
    shutil.rmtree(base.folder)  # nothing of it is needed any more
    chain.complete(run, quiet)
    assert_same(run, whole)


def test_what_is_taken_over_is_not_trained_again(base: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(flags(base, tmp_path, "--rl.steps", "2", "--rl.advantage", "batch_mean")) == 0
    run = Run.open(tmp_path / "runs" / "other")
    assert (run.config.rl.steps, run.config.rl.advantage) == (2, "batch_mean")
    assert replace(run.config, rl=base.config.rl, name=base.config.name, runs=base.config.runs) == base.config
    for name in ("pretrain/model.safetensors", "sft/model.safetensors", "sft/state.json", "tokenizer.json"):
        assert (run.folder / name).read_bytes() == (base.folder / name).read_bytes()
    for log, stages in ((METRICS, ("tokenizer", "pretrain", "sft")), (SAMPLES, ("pretrain", "sft"))):
        for stage in stages:
            assert run.records(log, stage=stage) == base.records(log, stage=stage)
    assert len(run.records(stage="rl")) == 2
    contents = json.loads((run.folder / "config.json").read_text())
    assert contents["base"] == {"run": str(base.folder), "stage": "sft", "seed": 0}
    assert (
        f"Its stages up to sft were copied from {escaped(str(base.folder))}." in (run.folder / "report.md").read_text()
    )


def test_a_branch_whose_making_was_cut_short_ends_the_same(
    base: Run, whole: Run, tmp_path: Path, quiet: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*arguments: object) -> None:
        raise MemoryError("killed")

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr("minirl.train.branch.copy_checkpoint", killed)
        branch(base, "sft", replace(base.config, runs=str(tmp_path / "runs")))
    (folder,) = (tmp_path / "runs").iterdir()
    run = Run.open(folder)
    chain.complete(run, quiet)
    assert_same(run, whole)


def test_more_fine_tuning_without_reinforcement(base: Run, tmp_path: Path, quiet: Screen) -> None:
    more = ("--base-stage", "pretrain", "--last-stage", "sft", "--sft.epochs", "2")
    assert program.main(flags(base, tmp_path, *more)) == 0
    run = Run.open(tmp_path / "runs" / "other")
    state, before = run.state("sft"), base.state("sft")
    assert state is not None and before is not None and state["step"] == 2 * before["step"]
    assert not (run.folder / "rl").exists() and not run.records(stage="rl")
    assert {entry["stage"] for entry in run.read_json("results.json")} == {"pretrain", "sft"}
    report = (run.folder / "report.md").read_text()
    assert "fine-tuned" in report and "then trained by" not in report
    logged = (run.folder / METRICS).read_bytes()
    chain.complete(Run.open(run.folder), quiet)  # is finished
    assert (run.folder / METRICS).read_bytes() == logged


def test_expert_iteration_is_a_flag(base: Run, tmp_path: Path) -> None:
    more = ("--rl.method", "expert_iteration", "--rl.kl", "0", "--rl.updates", "2", "--rl.steps", "1")
    assert program.main(flags(base, tmp_path, *more)) == 0
    run = Run.open(tmp_path / "runs" / "other")
    (record,) = run.records(stage="rl")
    assert {"kept", "reward", "entropy", "rehearsal_loss", "kl_to_start"} <= record.keys()
    assert "then trained by expert iteration" in (run.folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--model.n-layer", "2"], "--model.n-layer is 2, but"),
        (["--pretrain.steps", "7"], "--pretrain.steps is 7, but"),
        (["--sft.epochs", "3"], "--sft.epochs is 3, but"),
        (["--task", "arithmetic"], "--task is arithmetic, but"),
        (["--seed", "1"], "--seed is 1, but"),
        (["--base-stage=pretrain", "--last-stage", "sft", "--model.d-ff", "64"], "the stages up to pretrain"),
        (["--base-stage", "sft", "--last-stage", "pretrain"], "which comes later"),
        (["--preset", "smoke"], "--preset cannot be given with it"),
    ],
)  # fmt: skip
def test_flags_that_contradict_what_is_taken_over_are_refused(
    more: list[str], message: str, whole: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(flags(whole, tmp_path, *more)) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_without_a_base_there_is_no_stage_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--base-stage", "sft"]) == 1
    assert "give that too" in capsys.readouterr().err


def test_a_base_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--base", str(tmp_path / "nothing")]) == 1
    assert "there is no run in" in capsys.readouterr().err


def test_a_base_that_is_not_as_far_or_not_whole(base: Run) -> None:
    weights = base.folder / "sft" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(DamagedError, match=r"model.safetensors.*--resume"):
        branch(base, "sft", base.config)
    shutil.rmtree(base.folder / "sft")
    with pytest.raises(ConfigError, match=r"has not finished sft.*--resume"):
        branch(base, "sft", replace(base.config, last_stage=STAGES[-1]))
