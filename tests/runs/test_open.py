"""Opening a run: folders that are none are explained in one line; old and damaged runs can still be looked at."""

import json
import shutil
from pathlib import Path

import pytest

from minirl import chat, evaluate, plot, report, trace
from minirl.runs import Run
from minirl.storage.checksums import DamagedError

MAINS = [plot.main, report.main]


@pytest.fixture
def runs(run: Run, tmp_path: Path) -> Path:
    """A folder of runs: one run, roger, which has a previous checkpoint, and a file."""
    shutil.copytree(run.folder, tmp_path / "runs" / "roger")
    shutil.copytree(run.folder / "rl", tmp_path / "runs" / "roger" / "previous" / "rl")
    shutil.copytree(run.folder / "rl", tmp_path / "model")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "config.json").write_text("[1]")
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("runs/roger/rl", "it is a stage of runs/roger; give runs/roger, and --stage rl"),
        ("runs/roger/previous/rl", "it is a stage of runs/roger; give runs/roger, and --stage rl"),
        ("runs/roger/previous", "config.json is missing; there is runs/roger"),
        ("model", "GPT.from_pretrained('model') loads it"),
        ("list", "its config.json is not that of a run"),
        ("runs", "config.json is missing; there is runs/roger"),
        ("runs/roger/config.json", "it is a file; give the folder of a run, such as runs/roger"),
        ("runs/rogre", "runs/rogre does not exist; there is runs/roger"),
        (".", "config.json is missing; there is runs/roger"),
    ],
)
def test_what_is_no_run_is_explained(folder: str, words: str, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    with pytest.raises(FileNotFoundError) as caught:
        Run.open(folder)
    message = str(caught.value)
    assert message.startswith(f"there is no run in {folder}: ") and words in message and "\n" not in message


@pytest.mark.parametrize("main", [evaluate.main, chat.main, trace.main])
def test_programs_that_take_models_explain_what_is_neither(main, runs: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(runs)
    for folder in ("list", "runs", "runs/roger/config.json", "nowhere"):
        assert main([folder]) == 1
        printed, said = capsys.readouterr()
        assert not printed and f"there is no run in {folder}: " in said and said.count("\n") == 1


@pytest.mark.parametrize("main", MAINS)
def test_every_program_explains_it_in_one_line(main, runs: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(runs)
    for folder in ("runs/roger/rl", "model", "runs", "runs/roger/config.json"):
        assert main([folder]) == 1
        printed, said = capsys.readouterr()
        assert not printed and f"there is no run in {folder}: " in said and said.count("\n") == 1


def test_a_stage_is_explained_from_within(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs / "runs" / "roger" / "rl")
    with pytest.raises(FileNotFoundError, match="it is a stage of"):
        Run.open(".")


def test_many_runs_are_not_all_listed(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"run-{number}").mkdir()
        (tmp_path / f"run-{number}" / "config.json").write_text('{"config": {}}')
    with pytest.raises(FileNotFoundError, match=r"run-4 and 3 more$"):
        Run.open(tmp_path)


def test_a_setting_of_another_version(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs / "runs" / "roger"
    contents = json.loads((folder / "config.json").read_text())
    contents["config"]["horizon"] = 3
    Run.open(folder).write_json("config.json", contents)
    assert plot.main([str(folder)]) == 1
    assert "knows no setting horizon" in capsys.readouterr().err


class TestOldRuns:
    """Results of earlier versions call the split `unseen` by its former name."""

    @pytest.fixture
    def old(self, runs: Path) -> Run:
        run = Run.open(runs / "runs" / "roger")
        results = json.loads((run.folder / "results.json").read_text())
        renamed = [{**entry, "split": "hard" if entry["split"] == "unseen" else entry["split"]} for entry in results]
        assert renamed != results
        run.write_json("results.json", renamed)
        return run

    def test_they_are_read_by_todays_name(self, old: Run) -> None:
        splits = {entry["split"] for entry in old.results() or []}
        assert "unseen" in splits and "hard" not in splits

    def test_they_show_themselves(self, old: Run) -> None:
        assert "unseen problems solved: " in repr(old)
        for told in (repr(old.table()), old.table()._repr_html_(), old._repr_html_()):
            assert "unseen" in told and "hard" not in told


class TestDamaged:
    def test_a_damaged_run_still_has_a_repr(self, runs: Path) -> None:
        run = Run.open(runs / "runs" / "roger")
        (run.folder / "results.json").write_text("[{")
        (run.folder / "rl" / "state.json").write_text("{")
        assert "RL damaged" in repr(run) and "the results cannot be read" in repr(run)
        assert "damaged" in run._repr_html_()
        with pytest.raises(DamagedError, match=r"results\.json is damaged"):
            run.table()

    def test_a_run_without_results_says_how_to_get_them(self, runs: Path) -> None:
        run = Run.open(runs / "runs" / "roger")
        (run.folder / "results.json").unlink()
        shutil.rmtree(run.folder / "rl")
        shutil.rmtree(run.folder / "previous")
        assert "RL not started" in repr(run) and "not evaluated yet" in repr(run)
        with pytest.raises(FileNotFoundError, match=r"minirl\.train --resume"):
            run.table()
