"""Full disks, folders that cannot be written, damaged files: what is said, and that the run ends with the same bits."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from comparing import assert_same
from killing import Training

from minirl.runs import STAGES, Run, Screen, TrainConfig
from minirl.storage.checksums import DamagedError, check_sums
from minirl.train import program
from minirl.train.rewind import rewind


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


class Listener(Screen):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def run(whole: Run, tmp_path: Path) -> Run:
    """A copy of the whole run, to damage."""
    shutil.copytree(whole.folder, tmp_path / "run")
    return Run.open(tmp_path / "run")


def rewound(run: Run) -> str:
    """What is said when the run is put back to where it can go on."""
    listener = Listener()
    rewind(Run.open(run.folder), listener)
    return "\n".join(listener.said)


def steps(run: Run) -> list[int | None]:
    """The step of each stage's checkpoint."""
    return [None if state is None else state["step"] for state in map(run.state, STAGES)]


def assert_log_ends_at(run: Run, stage: str, step: int) -> None:
    last = run.records()[-1]
    assert (last["stage"], last["step"]) == (stage, step)


DAMAGES = [
    ("rl", "model.safetensors", flip),
    ("sft", "optimizer.safetensors", cut),
    ("pretrain", "state.json", Path.unlink),
]


@pytest.mark.parametrize(("stage", "name", "harm"), DAMAGES)
def test_a_damaged_checkpoint(stage: str, name: str, harm: Callable[[Path], None], run: Run) -> None:
    """The run goes back to the checkpoint before it, says so, and takes back all that came after."""
    path, number, before = run.folder / stage / name, STAGES.index(stage), steps(run)
    harm(path)
    with pytest.raises(DamagedError, match=rf"{path} .*--resume {run.folder}"):
        run.model(stage)
    said = rewound(run)
    assert said.startswith(str(path)) and said.endswith("Going back to the checkpoint before it.")
    last = before[number] - 1
    assert steps(run) == [*before[:number], last, *[None] * (2 - number)]
    assert_log_ends_at(run, stage, last)
    assert not (run.folder / "results.json").exists()
    aside = {folder.name for folder in (run.folder / "aside").iterdir()}
    assert aside == set(STAGES[number:])  # nothing is thrown away unasked
    assert rewound(run) == ""


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "name", "harm"), DAMAGES)
def test_it_goes_on_to_the_same_end(
    stage: str, name: str, harm: Callable[[Path], None], run: Run, whole: Run
) -> None:  # fmt: skip
    harm(run.folder / stage / name)
    assert Training(run.folder).wait()[0] == 0
    assert_same(run, whole)


def test_both_checkpoints_damaged(run: Run, whole: Run) -> None:
    for folder in (run.folder / "rl", run.folder / "previous" / "rl"):
        flip(folder / "model.safetensors")
    status, printed = Training(run.folder).wait()
    assert status == 0 and "Starting the stage rl again." in printed
    assert_same(run, whole)


def test_a_damaged_tokenizer_is_taken_from_a_checkpoint(run: Run, whole: Run) -> None:
    path = run.folder / "tokenizer.json"
    flip(path)
    with pytest.raises(DamagedError, match=rf"{path} .*--resume {run.folder}"):
        run.tokenizer()
    assert rewound(run) == f"{path} is damaged or missing. Taking the copy in {run.folder / 'pretrain'}."
    assert_same(run, whole)
    path.unlink()
    for stage in STAGES:
        shutil.rmtree(run.folder / stage)
    shutil.rmtree(run.folder / "previous")
    assert rewound(run) == "" and run.records() == []  # without a copy it is trained again


@pytest.mark.parametrize("harm", [flip, cut])
def test_a_damaged_configuration(harm: Callable[[Path], None], run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = run.folder / "config.json"
    harm(path)
    assert program.main(["--resume", str(run.folder)]) == 1
    said = capsys.readouterr().err
    assert str(path) in said and "start a new one with the same flags" in said and "sha256sum" in said
    (run.folder / "SHA256SUMS").unlink()
    cut(path)
    assert program.main(["--resume", str(run.folder)]) == 1
    assert "no valid JSON" in capsys.readouterr().err


def test_without_checksums_nothing_is_thrown_away(run: Run, whole: Run) -> None:
    """And the command that the message names makes them."""
    (run.folder / "SHA256SUMS").unlink()
    with pytest.raises(DamagedError, match="SHA256SUMS is missing"):
        rewound(run)
    assert_same(run, whole)
    if shutil.which("sha256sum"):
        subprocess.run("sha256sum *.json > SHA256SUMS", shell=True, cwd=run.folder, check=True)
        assert rewound(run) == ""
        assert_same(run, whole)


def test_damaged_results_and_torn_lines(run: Run) -> None:
    """The end is done again, from after the last checkpoint."""
    flip(run.folder / "results.json")
    for name in ("metrics.jsonl", "samples.jsonl"):
        with open(run.folder / name, "a", encoding="utf-8") as file:
            file.write('{"stage": "evalu')
        run.records(name)  # whoever looks finds whole lines only
    assert rewound(run) == "" and not (run.folder / "results.json").exists()
    assert_log_ends_at(run, "rl", 4)


def test_logs_that_lost_lines(run: Run) -> None:
    (run.folder / "results.json").unlink()
    cut(run.folder / "metrics.jsonl")
    assert f"{run.folder / 'metrics.jsonl'} is shorter" in rewound(run)
    assert (run.folder / "metrics.jsonl").read_bytes().endswith(b"}\n")


def test_a_damaged_line_is_named(run: Run) -> None:
    path = run.folder / "metrics.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"}" + lines[1][1:], *lines[2:]]))
    with pytest.raises(DamagedError, match=r"metrics.jsonl, line 2, is damaged"):
        run.records()


# ---- writing fails ----


def half_done(config: TrainConfig) -> Run:
    """A run that was killed in the middle of pretraining."""
    run = Run.create(replace(config, checkpoint_seconds=0.0))

    def two_steps() -> bool:
        return (run.state("pretrain") or {"step": 0})["step"] >= 2

    assert Training(run.folder).kill(two_steps, 0)
    return run


def assert_goes_on(run: Run, whole: Run) -> None:
    check_sums(run.folder / "pretrain", ["model.safetensors", "optimizer.safetensors", "state.json"])
    assert not (run.folder / ".pretrain.new").exists()
    assert Training(run.folder).wait()[0] == 0
    assert_same(run, whole)


def test_a_full_disk(tiny: TrainConfig, whole: Run) -> None:
    run = half_done(tiny)
    file = run.folder / "pretrain" / "optimizer.safetensors"
    status, printed = Training(run.folder, file_bytes=file.stat().st_size - 50).wait()
    assert status == 1 and "File too large" in printed and file.name in printed
    assert f"python -m minirl.train --resume {run.folder}" in printed
    assert_goes_on(run, whole)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_small_disk(tiny: TrainConfig, whole: Run, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        run = Run.create(replace(tiny, checkpoint_seconds=0.0, runs=str(disk)))
        status, printed = Training(run.folder).wait()
        assert status == 1 and "No space left on device" in printed and str(run.folder) in printed
        subprocess.run(["mount", "-o", "remount,size=30m", disk], check=True)
        assert_goes_on(run, whole)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_folders_that_cannot_be_written(tiny: TrainConfig, tmp_path: Path) -> None:
    """Neither a new run nor an old one; as a user whom the system refuses, which root is not."""
    run = Run.create(replace(tiny, runs=str(tmp_path / "runs")))
    tmp_path.chmod(0o755)
    for folder in (run.folder, run.folder.parent):
        folder.chmod(0o555)
    script = (
        "import os, sys; from minirl.train import program; program.parse([]); os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "for flags in (['--runs', 'runs', '--name', 'new'], ['--resume', 'runs/tiny']): print(program.main(flags))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True)
    for folder in (run.folder.parent, run.folder):
        folder.chmod(0o755)
    assert done.stdout.split() == ["1", "1"], done.stderr
    assert (
        "runs is not writable; give another folder" in done.stderr
        and "Permission denied: 'runs/tiny/.lock'" in done.stderr
    )


def test_litter_is_removed_before_the_run_goes_on(run: Run) -> None:
    """Files that a killed process left half-written: its images, answers and small files."""
    names = (".config.json.4999999.tmp", "plots/.a.png.4999999.tmp", "answers/.b.json.4999999.tmp")  # above all numbers
    litter = [run.folder / name for name in names]
    for path in litter:
        path.write_text("half")
    assert rewound(run) == ""
    assert not any(path.exists() for path in litter)
