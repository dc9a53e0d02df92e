"""The program that compares ways of decoding."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minirl import evaluate, zoo
from minirl.evaluation.answers import ANSWERS
from minirl.evaluation.estimate import Estimate
from minirl.figure import Figure
from minirl.runs import Run
from minirl.runs.table import layout
from minirl.zoo import program, results, table
from minirl.zoo.figure import figure
from minirl.zoo.measure import Measured, Yardstick
from minirl.zoo.methods import DRAWS, PLAIN, SEARCHES, contests, methods
from minirl.zoo.results import Result, Stage, Verdict, difference, result

FEW = ["--problems", "3", "--samples", "3", "--stages", "sft"]


@pytest.fixture(scope="module")
def own(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of this module's own: other tests look at the answers and plots of `run`."""
    folder = tmp_path_factory.mktemp("zoo") / "seed-0"
    shutil.copytree(run.folder, folder)
    shutil.rmtree(folder / ANSWERS)
    return Run.open(folder)


def other_seed(own: Run, folder: Path, **changes: Any) -> Run:
    """A copy of the run whose configuration says another seed."""
    shutil.copytree(own.folder, folder)
    contents = json.loads((folder / "config.json").read_text())
    contents["config"] |= {"seed": 1, "name": folder.name, **changes}
    Run(folder, replace(own.config)).write_json("config.json", contents)
    return Run.open(folder)


def test_a_table_a_plot_and_a_file(own: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a second call only reads, from the same answers that `evaluate` would use."""
    png, file, page = (tmp_path / name for name in ("zoo.png", "zoo.json", "page.md"))
    page.write_text("Before.\n\n<!-- table: zoo -->\nstale words\n<!-- end of table -->\n\nAfter.\n")
    asked = [str(own.folder), *FEW, "--png", str(png), "--json", str(file), "--page", str(page)]
    assert zoo.main(asked) == 0
    printed = capsys.readouterr().out
    assert printed.count("solving 3 problems of unseen") == len(DRAWS) + len(SEARCHES)
    for words in ("one answer", "beams 4", "T 1.5 falling to 0.3", "majority of 3", "vs votes", "* ", "beliefs"):
        assert words in printed
    assert png.read_bytes()[:4] == b"\x89PNG" and png.stat().st_size > 30_000
    found = json.loads(file.read_text())
    assert (found["split"], found["problems"], found["samples"], found["seeds"]) == ("unseen", 3, 3, [0])
    stage = found["stages"]["sft"]
    assert [one["method"] for one in stage["methods"]] == [one.key for one in methods(3)]
    text = page.read_text()
    assert text.startswith("Before.") and text.endswith("After.\n") and "stale words" not in text
    assert "| SFT: solved, % |" in text and "| greedy |" in text and r"rising to 1.5 \*" in text

    kept = {path: path.read_bytes() for path in (own.folder / ANSWERS).iterdir()}
    assert len(kept) == len(DRAWS) + len(SEARCHES)
    assert zoo.main(asked) == 0
    assert "solving" not in capsys.readouterr().out and json.loads(file.read_text()) == found
    flags = ["--split", "unseen", "--limit", "3", "--samples", "3", "--stages", "sft", "--choose"]
    assert evaluate.main([str(own.folder), *flags, "--json", str(file)]) == 0
    assert {path: path.read_bytes() for path in (own.folder / ANSWERS).iterdir()} == kept
    (again,) = json.loads(file.read_text())["results"]
    solved = {one["method"]: one["solved"] for one in stage["methods"]}
    assert solved["greedy"] == again["greedy"] and solved[f"pass@3, {PLAIN}"] == again["pass@3"]
    assert solved[f"majority@3, {PLAIN}"] == again["majority@3"]


@pytest.fixture
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than all else here, and one test draws already."""
    monkeypatch.setattr(program, "figure", lambda *what: Figure(figsize=(1, 1)))


def test_an_interrupted_comparison_goes_on(own: Run, tmp_path: Path, no_plot, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    png = str(tmp_path / "zoo.png")
    make, made = results.kept_answers, []

    def stops(*asked: Any) -> Any:
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(asked)
        return make(*asked)

    monkeypatch.setattr(results, "kept_answers", stops)
    asked = [str(own.folder), *FEW, "--seed", "5", "--png", png]
    with pytest.raises(KeyboardInterrupt):
        zoo.main(asked)
    monkeypatch.setattr(results, "kept_answers", make)
    capsys.readouterr()
    assert zoo.main(asked) == 0
    printed = capsys.readouterr().out
    assert printed.count("reading 3 answers") == 4
    assert printed.count("solving 3 problems") == len(DRAWS) + len(SEARCHES) - 4


def test_several_runs_count_once_each(own: Run, tmp_path: Path, no_plot, capsys) -> None:  # type: ignore[no-untyped-def]
    other, file = other_seed(own, tmp_path / "seed-1"), tmp_path / "zoo.json"
    asked = [*FEW, "--png", str(tmp_path / "zoo.png"), "--json", str(file)]
    alone = []
    for runs in ([own], [other], [own, other]):
        assert zoo.main([*(str(one.folder) for one in runs), *asked]) == 0
        alone.append(json.loads(file.read_text())["stages"]["sft"])
    assert "mean of 2 runs" in capsys.readouterr().out
    first, second, both = ([one["solved"]["value"] for one in stage["methods"]] for stage in alone)
    assert both == pytest.approx(list(np.mean([first, second], axis=0)))
    assert [one["values"] for one in alone[2]["methods"]] == [list(pair) for pair in zip(first, second, strict=True)]


def test_runs_that_cannot_be_compared(own: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = other_seed(own, tmp_path / "other", task="arithmetic")
    for runs, words in (
        ([own, other], "differ in more than their seeds"),
        ([own, own], "a run is given twice"),
        ([], "give the folder of a run"),
    ):
        assert zoo.main([str(one.folder) for one in runs]) == 1
        printed, said = capsys.readouterr()
        assert words in said and said.count("\n") == 1 and not printed


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--samples", "0"], "--samples is 0; give 1 or more"),
        (["--problems", "-3"], "--problems is -3; give 1 or more"),
        (["--seed", "-1"], "--seed is -1; give 0 or more"),
        (["--stages", "ppo"], "choose from pretrain, sft, rl"),
        (["--split", "exam"], "its splits are train, dev, test, unseen"),
    ],
)
def test_what_cannot_be_done_is_said(own: Run, flags: list[str], words: str, capsys) -> None:  # type: ignore[no-untyped-def]
    assert zoo.main([str(own.folder), *flags]) == 1
    assert words in capsys.readouterr().err


def measured(right: list[float], tokens: float) -> Measured:
    return Measured(np.array(right), np.full(len(right), tokens))


class Level(Yardstick):
    """A vote that solves the same share of all problems, whatever its tokens; the tokens asked for are noted."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.asked: list[float] = []

    def at(self, tokens: float) -> np.ndarray:
        self.asked.append(tokens)
        return np.full(4, self.share)


def test_a_method_is_compared_at_its_own_tokens() -> None:
    method = next(one for one in methods(8) if one.key == f"weighted@8, {PLAIN}")
    sticks = Level(0.25), Level(0.75)
    one = result(method, [measured([1, 1, 0, 0], 30)], sticks[:1])
    assert sticks[0].asked == [30] and one.tokens == 30 and one.solved.value == 0.5
    assert one.against is not None and one.against.value == 0.25 and one.against.low < 0.25 < one.against.high
    both = result(method, [measured([1, 1, 0, 0], 30), measured([1, 1, 1, 1], 50)], sticks)
    assert (both.tokens, both.solved.value, both.values) == (40, 0.75, [0.5, 1])
    assert both.against == Estimate(0.25, 0.25, 0.25)  # 0.5 - 0.25 in one run and 1 - 0.75 in the other


def test_problems_that_are_hard_for_both_cancel() -> None:
    first, second = np.array([1.0, 0, 1, 0, 1, 0]), np.array([1.0, 0, 1, 0, 0, 0])
    assert difference([(first, first)]) == Estimate(0, 0, 0)
    assert difference([(first, second)]).low == 0 < difference([(first, second)]).value


def made_up(samples: int, at: float) -> Stage:
    """Results as wide as results become."""
    listed = [
        Result(one, 1234.0, Estimate(at, at - 0.05, at + 0.05), Estimate(-0.3, -0.333, -0.25), [at])
        for one in methods(samples)
    ]
    verdicts = [Verdict(one, Estimate(-0.2, -0.25, -0.15), (1234.0, 1234.0)) for one in contests(samples)]
    return Stage("sft", listed, verdicts)


def test_the_tables_fit_into_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    stage = made_up(16, 0.8)
    rows = [[one.method.group, *table.cells(one)] for one in table.shown(stage)]
    lines = layout(["", "method", "tokens", "solved", "vs votes"], rows, 80, True)
    assert max(map(len, lines)) <= 80 and len(lines) == len(rows) + 2 + len({row[0] for row in rows})


def test_every_method_of_the_table_is_in_the_plot() -> None:
    """Panels of one column share a legend, below the last of them; no two of its entries look alike."""
    image = figure([made_up(16, 0.6), made_up(16, 0.9)], "a title")
    assert len(image.axes) == 4
    for column in (image.axes[2], image.axes[3]):
        legend = column.get_legend()
        names = [text.get_text() for text in legend.get_texts()]
        assert len(names) == len(set(names)) >= 8
        handles, _ = column.get_legend_handles_labels()
        looks = {(one[0].get_marker(), one[0].get_markerfacecolor(), one[0].get_linestyle()) for one in handles}
        assert len(looks) == len(names)
    labels = {text.get_text() for axes in image.axes[2:] for text in axes.get_legend().get_texts()}
    assert {*DRAWS, *SEARCHES, "greedy"} <= labels
    assert image.axes[0].get_legend() is None
