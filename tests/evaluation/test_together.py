"""Several runs in one table."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.evaluate.program import main
from minirl.evaluation.model import Model
from minirl.evaluation.problem_sets import ProblemSet
from minirl.evaluation.score import Outcome
from minirl.evaluation.together import Together, measures, stories
from minirl.runs import Run


def copies(run: Run, folder: Path, values: list[float]) -> list[Run]:
    """Copies of a run whose greedy accuracy on unseen after RL is each of these."""
    made = []
    for number, value in enumerate(values):
        shutil.copytree(run.folder, folder / f"seed-{number}")
        path = folder / f"seed-{number}" / "results.json"
        results = json.loads(path.read_text())
        for entry in results:
            if (entry["split"], entry["stage"]) == ("unseen", "rl"):
                entry["greedy"] = {"value": value, "low": min(value, 0.1), "high": max(value, 0.9)}
        path.write_text(json.dumps(results))
        made.append(Run.open(folder / f"seed-{number}"))
    return made


def test_every_run_counts_once(run: Run, tmp_path: Path) -> None:
    one = measures(copies(run, tmp_path, [0.5, 0.75, 1.0]))["unseen", "rl", "greedy"]
    assert one.values == [0.5, 0.75, 1.0]
    assert one.mean.value == 0.75 and 0.5 <= one.mean.low < 0.75 < one.mean.high <= 1.0
    assert one.cells()[1:] == ["50.0", "100.0"]


def test_runs_that_agree_have_no_interval() -> None:
    assert Together.of([0.25] * 8).mean == (0.25, 0.25, 0.25)


def test_lengths_are_no_shares(run: Run, tmp_path: Path) -> None:
    assert "tokens" not in {name for _, _, name in measures(copies(run, tmp_path, [0.5, 0.5]))}


def test_stories_are_those_of_the_table(run: Run, tmp_path: Path) -> None:
    runs = copies(run, tmp_path, [0.5, 0.5])
    problems = run.config.evaluation.problems
    found = stories(runs, "unseen")
    assert 1 <= len(found) <= problems and all(len(one.values) == 2 for one in found.values())
    assert stories(runs, "science questions") == {} == stories(runs, "no such split")


def test_stories_count_the_problems_that_are_solved(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every other problem were solved."""
    right: dict[str, list[bool]] = {}
    original = Model.solved

    def solved(self: Model, chosen: ProblemSet) -> list[Outcome]:
        outcomes = [replace(one, solved=place % 2 == 0) for place, one in enumerate(original(self, chosen) or [])]
        right.clear()
        for one in outcomes:
            right.setdefault(one.problem.story, []).append(one.solved)  # type: ignore[attr-defined]
        return outcomes

    monkeypatch.setattr(Model, "solved", solved)
    found = stories(copies(run, tmp_path, [0.5, 0.5]), "unseen")
    assert {story: one.mean.value for story, one in found.items()} == {
        story: pytest.approx(sum(flags) / len(flags)) for story, flags in right.items()
    }
    assert sum(map(len, right.values())) == run.config.evaluation.problems


def test_where_the_answers_are_gone_there_are_no_stories(run: Run, tmp_path: Path) -> None:
    """The model is not asked again: that may take minutes."""
    runs = copies(run, tmp_path, [0.5, 0.5])
    shutil.rmtree(runs[1].folder / "answers")
    assert stories(runs, "unseen") == {} and not (runs[1].folder / "answers").exists()


def test_the_program_prints_and_writes_it(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(one.folder) for one in copies(run, tmp_path, [0.5, 0.7])]
    assert main(["--together", *folders, "--json", str(tmp_path / "out.json")]) == 0
    assert "unseen, RL, greedy" in capsys.readouterr().out
    written = json.loads((tmp_path / "out.json").read_text())
    (entry,) = [m for m in written["measures"] if (m["split"], m["stage"], m["measure"]) == ("unseen", "rl", "greedy")]
    assert entry["values"] == [0.5, 0.7] and entry["mean"] == pytest.approx(0.6)


def test_one_run_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--together", str(run.folder)]) == 1
    assert "two or more" in capsys.readouterr().err


def test_a_run_without_results_is_refused_by_its_name(run: Run, tmp_path: Path) -> None:
    runs = copies(run, tmp_path, [0.5, 0.5])
    (runs[1].folder / "results.json").unlink()
    with pytest.raises(ValueError, match="seed-1 has no results yet"):
        measures(runs)
