"""What a run tells the person: that a smoke run learns nothing, and commands to go on with."""

import shlex
import shutil
from pathlib import Path

import pytest

from minirl.runs import PRESETS, Run, Screen
from minirl.runs.presets import learns_nothing
from minirl.train import chain, program


def test_a_smoke_run_says_so_at_its_start_and_end(whole: Run, capsys: pytest.CaptureFixture[str]) -> None:
    chain.complete(Run.open(whole.folder), Screen())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == chain.SMOKE_NOTE and lines[-2].startswith(chain.SMOKE_NOTE)
    assert lines[-1].strip() == "python -m minirl.train"
    assert learns_nothing(PRESETS["smoke"]) and not learns_nothing(PRESETS["roger"])


def test_the_last_lines_are_commands_that_a_shell_understands(
    whole: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "it's my run"
    shutil.copytree(whole.folder, folder)
    chain.complete(Run.open(folder), Screen())
    printed = capsys.readouterr().out
    commands = [shlex.split(line) for line in printed.splitlines() if line.startswith("    python -m")]
    assert commands[:3] == [
        ["python", "-m", "minirl.chat", str(folder)],
        ["python", "-m", "minirl.trace", str(folder)],
        ["python", "-m", "minirl.evaluate", "--compare", f"{folder}:rl", f"{folder}:sft"],
    ]
    assert f"    {folder / 'report.md'}\n" in printed and f"    {folder / 'report.html'}\n" in printed


def test_stopped_before_the_tokenizer_is_trained_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("minirl.train.chain.Tokenizer.train", interrupt)
    assert program.main(["--preset", "smoke", "--runs", str(tmp_path / "runs")]) == 130
    assert capsys.readouterr().out == "interrupted\n"
    assert not list(tmp_path.iterdir())


def test_a_refused_branch_leaves_nothing(whole: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--base", str(whole.folder), "--runs", str(tmp_path / "runs"), "--rl.max-new-tokens", "255"]
    assert program.main(flags) == 1
    assert "answers up to 255 (--rl.max-new-tokens), but --model.context-length is 256" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
