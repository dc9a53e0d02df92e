"""A run that goes on where its numbers get other bits: refused, unless the person accepts it; then it is noted."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from minirl import kernels
from minirl.runs import RESULTS, Run
from minirl.runs.environment import difference
from minirl.swap import replaced
from minirl.train import program

pytestmark = pytest.mark.skipif(not kernels.has_native(), reason="needs two backends")
ACCEPT = "--accept-other-machine"


@pytest.fixture
def run(whole: Run, tmp_path: Path) -> Run:
    """A run that was interrupted in its last stage, computed by the native backend."""
    run = Run.open(shutil.copytree(whole.folder, tmp_path / "it's a run"))
    (run.folder / RESULTS).unlink()
    return run


def test_another_backend_is_refused_with_both_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run.folder / "config.json").read_bytes()
    with kernels.using("reference"):
        assert program.main(["--resume", str(run.folder)]) == 1
    said = capsys.readouterr().err
    assert "with backend native" in said and "here is backend reference" in said and said.count("\n") == 1
    assert shlex.split(said.split("To go on all the same: ")[1])[2:] == [
        "minirl.train", "--resume", str(run.folder), ACCEPT
    ]  # fmt: skip
    assert (run.folder / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    "flags", [[ACCEPT, "--resume"], pytest.param(["--accept_other_machine", "--resume"], marks=pytest.mark.slow)]
)
def test_accepted_it_goes_on_and_the_report_tells(
    flags: list[str], run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with kernels.using("reference"):
        assert program.main([*flags, str(run.folder)]) == 0
        assert "from here on with backend reference" in " ".join(capsys.readouterr().out.split())
        (run.folder / RESULTS).unlink()
        assert program.main(["--resume", str(run.folder)]) == 0  # the same machine as before: nothing to accept
    contents = json.loads((run.folder / "config.json").read_text())
    assert contents["environment"]["backend"] == "native"
    (added,) = contents["environments"]
    assert (added["backend"], added["since"]) == ("reference", "rl, step 4")
    assert "After rl, step 4, other bits than on the first machine: backend reference" in (
        run.folder / "report.md"
    ).read_text(encoding="utf-8")
    assert run.is_whole("config.json")


def test_a_finished_run_is_only_shown(whole: Run) -> None:
    with kernels.using("reference"):
        assert program.main(["--resume", str(whole.folder)]) == 0


def test_it_is_a_flag_of_resuming_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([ACCEPT]) == 1
    assert "give it with --resume" in capsys.readouterr().err
    assert program.main(["--resume", "runs/x", ACCEPT, "--seed", "1"]) == 1
    assert "no other flag" in capsys.readouterr().err


def test_a_branch_says_it(whole: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with kernels.using("reference"):
        assert program.main(["--base", str(whole.folder), "--runs", str(tmp_path), "--name", "b", "--rl.steps=1"]) == 0
    assert "this branch goes on with backend reference" in " ".join(capsys.readouterr().out.split())
    assert json.loads((tmp_path / "b" / "config.json").read_text())["base"]["environment"]["backend"] == "native"
    assert "other bits than on the first machine" in (tmp_path / "b" / "report.md").read_text(encoding="utf-8")


NATIVE = {
    "backend": "native", "isa": "avx2", "precision": "float32", "threads": 2, "machine": "Linux x86_64",
    "versions": {"minirl": "0.1.0", "numpy": "2.1.0", "python": "3.12.1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"threads": 9}, None),
        ({"isa": "avx512"}, ("isa avx2", "isa avx512")),
        ({"precision": "bfloat16"}, ("precision float32", "precision bfloat16")),
        ({"machine": "Darwin arm64"}, ("machine Linux x86_64", "machine Darwin arm64")),
        ({"versions": {**NATIVE["versions"], "numpy": "2.2.0", "python": "3.13.0"}}, None),
        ({"versions": {**NATIVE["versions"], "minirl": "0.2.0"}}, ("minirl 0.1.0", "minirl 0.2.0")),
        ({"versions": {**NATIVE["versions"], "minirl": "not installed"}}, None),
        ({"replaced": []}, None),
        ({"replaced": ["a:b", "c:d"]}, ("replaced functions none", "replaced functions a:b, c:d")),
    ],
)  # fmt: skip
def test_what_decides_the_bits(change: dict, told: tuple[str, str] | None) -> None:
    assert difference(NATIVE, {**NATIVE, **change}) == told


def test_a_run_goes_on_with_the_functions_that_it_was_begun_with_or_not_at_all(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with replaced("minirl.schedule:warmup_cosine", lambda original: original):
        assert program.main(["--resume", str(run.folder)]) == 1
    assert "replaced functions none, but here is replaced functions minirl.schedule:warmup_cosine" in (
        " ".join(capsys.readouterr().err.split())
    )


def test_numpy_decides_under_the_reference_alone() -> None:
    before = {**NATIVE, "backend": "reference"}
    after = {**before, "isa": "avx512", "versions": {**NATIVE["versions"], "numpy": "2.2.0"}}
    assert difference(before, after) == ("numpy 2.1.0", "numpy 2.2.0")
