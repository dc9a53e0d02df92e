"""A run in a notebook: what shows itself, and that importing minirl leaves everybody's plots alone."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from minirl import plot
from minirl.runs import Run, curves


def test_importing_everything_leaves_matplotlib_alone() -> None:
    """Not even drawing chooses a backend: that belongs to the person in front of the notebook."""
    code = """
import sys
from minirl.train import program
from minirl import plot, report, trace, chat, evaluate, doctor
from minirl.runs import curves
curves.figure([(curves.PLOTS[0], [])])
assert "matplotlib.pyplot" not in sys.modules, "pyplot was imported"
import matplotlib
assert matplotlib.rcParams._get_backend_or_none() is None, "a backend was chosen"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


class TestPlot:
    def test_one_by_its_name(self, run: Run) -> None:
        figure = run.plot("reward")
        (axes,) = figure.axes
        assert axes.get_title() == "Reward and accuracy" and axes.get_xlabel() == "RL update"
        assert figure._repr_png_().startswith(b"\x89PNG")

    def test_all_of_them(self, run: Run) -> None:
        titles = [axes.get_title() for axes in run.plot().axes if axes.has_data()]
        assert titles == [plot.title for plot, _ in curves.drawable([run], curves.NAMES)]
        assert {"Reward and accuracy", "Gradient norm, before clipping"} < set(titles)

    def test_an_unknown_name(self, run: Run) -> None:
        with pytest.raises(ValueError, match=r"there is no plot 'rewards'; choose one of pretrain_loss, .*reward, "):
            run.plot("rewards")

    def test_a_run_without_measures(self, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        empty = Run.create(replace(run.config, runs=str(tmp_path), name="empty"))
        with pytest.raises(ValueError, match="has no measures for 'kl' yet"):
            empty.plot("kl")
        assert plot.main([str(empty.folder)]) == 1
        assert f"`python -m minirl.train --resume {empty.folder}` goes on with it" in capsys.readouterr().err
        assert not (empty.folder / "plots").exists()

    def test_no_run_at_all(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert plot.main([]) == 1
        assert "python -m minirl.plot runs/roger" in capsys.readouterr().err

    def test_any_name_of_a_run_is_in_the_legend(self, run: Run, tmp_path: Path) -> None:
        """matplotlib hides labels that begin with "_", and reads $x$ as a formula; $x^{$ is none, and raises."""
        names = ["_hidden", "$x^{$", "plain"]
        for number, name in enumerate(names):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "metrics.jsonl").write_bytes((run.folder / "metrics.jsonl").read_bytes())
            settings = json.loads((run.folder / "config.json").read_text())
            settings["config"]["rl"]["kl"] = 0.1 * number
            (folder / "config.json").write_text(json.dumps(settings))
        figure = curves.draw_plots([Run.open(tmp_path / name) for name in names], "entropy")
        labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert labels == [f"{name}: entropy" for name in names]
        assert figure.png().startswith(b"\x89PNG")

    def test_the_same_run_twice_is_one(self, run: Run) -> None:
        again = Run.open(run.folder / ".." / run.folder.name)
        assert [len(runs) for runs in curves.by_configuration([run, again]).values()] == [1]


class TestReprs:
    def test_run(self, run: Run) -> None:
        told = repr(run)
        for words in (run.folder.name, "pretraining 4 updates", "SFT 12 updates", "RL 2 updates", "unseen", "after RL"):
            assert words in told
        for words in (str(run.folder), "<td>4 updates</td>", "<td>2 updates</td>", "unseen", "after RL"):
            assert words in run._repr_html_()

    def test_table_fits_into_80_columns(self, run: Run) -> None:
        lines = repr(run.table()).splitlines()
        assert max(map(len, lines)) < 80 and "unseen (n=6)" in lines

    def test_table_has_every_number(self, run: Run) -> None:
        text = run.table()._repr_html_()
        for entry in run.results() or []:
            greedy = {name: 100 * number for name, number in entry["greedy"].items()}
            assert "{value:.1f} [{low:.1f}, {high:.1f}]".format(**greedy) in text

    def test_a_name_is_text(self, run: Run, tmp_path: Path) -> None:
        evil = Run.create(replace(run.config, runs=str(tmp_path), name="<b>x"))
        assert "<b>" not in evil._repr_html_() and "&lt;b&gt;x" in evil._repr_html_()
