"""Variants of finished runs: what each is, that it is trained once and only once, and the tables made of them."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.controls import __main__ as controls
from minirl.controls import jobs, seeds, variants
from minirl.controls.jobs import Job, seconds, train
from minirl.controls.table import cell, outcome
from minirl.controls.variants import GROUPS, Group, MoreSFT, Variant
from minirl.evaluation.markdown import fill, markdown_table
from minirl.evaluation.together import Together
from minirl.runs import CONFIG, RLStageConfig, Run, Screen


@pytest.fixture
def bases(run: Run, tmp_path: Path) -> list[Run]:
    """Two finished runs (of the same weights, to save time) that differ in nothing but their names."""
    return [Run.open(shutil.copytree(run.folder, tmp_path / "runs" / name)) for name in ("first", "second")]


FEW = {
    "time": Group("training", (
        Variant("REINFORCE"), MoreSFT("more SFT"),
        Variant("experts", {"method": "expert_iteration", "updates": 2}, same_time=True),
    )),
    "kl": Group("weight", (Variant("0", {"kl": 0.0}), Variant("0.5", {"kl": 0.5}))),
}  # fmt: skip


def test_what_came_out_of_a_run(run: Run) -> None:
    after = outcome(run, "rl", 4)
    records = run.records(stage="rl")
    last = records[-max(1, len(records) // 10) :]
    assert after.reward == pytest.approx(sum(record["reward"] for record in last) / len(last))
    assert after.entropy == pytest.approx(sum(record["entropy"] for record in last) / len(last))
    assert after.seconds == seconds(run, "sft") + seconds(run, "rl") > 0
    before = outcome(run, "sft", 4)
    assert before.reward != before.reward and before.seconds == seconds(run, "sft")


@pytest.mark.slow  # trains eight variants twice
def test_the_tables_are_made_and_nothing_is_trained_twice(
    bases: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(controls, "GROUPS", FEW)
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: kl -->\nold\n<!-- end of table -->\nafter\n")
    command = [*(str(base.folder) for base in bases), "--steps", "1", "--problems", "4", "--parallel", "2"]
    command += ["--out", str(page)]
    assert controls.main(command) == 0
    assert "8 variants; 0 exist already" in " ".join(capsys.readouterr().out.split())
    text = page.read_text()
    assert text.startswith("before\n<!-- table: kl -->\nMean (lowest to highest) of first, second, after 1 steps")
    assert "after\n\n<!-- table: time -->" in text and "old" not in text
    for label in ("after SFT, where all begin", "REINFORCE", "more SFT", "experts", "0", "0.5"):
        assert f"\n| {label} | " in text

    folders = {path.parent.name for path in (tmp_path / "runs" / "controls").glob("*/*/results.json")}
    assert folders == {"steps=1", "more-sft,steps=1", "kl=0.5,steps=1", "method=expert_iteration,steps=1,updates=2"}
    for base in bases:
        for folder in (tmp_path / "runs" / "controls" / base.folder.name).glob(f"*/{CONFIG}"):
            variant = Run.open(folder.parent)
            stage = "pretrain" if variant.stages[-1] == "sft" else "sft"
            assert variant.read_json(CONFIG)["base"] == {"run": str(base.folder), "stage": stage, "seed": 0}

    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "controls").rglob("metrics.jsonl")}
    assert controls.main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert page.read_text() == text


def test_a_variant_that_changes_nothing_is_the_base(run: Run) -> None:
    rl = run.config.rl
    assert Job(run, Variant("same"), rl.steps).folder == run.folder
    assert Job(run, Variant("same", {"kl": rl.kl, "samples": rl.samples}), rl.steps).folder == run.folder
    assert Job(run, MoreSFT("more"), rl.steps).folder.name == "more-sft"
    assert Job(run, Variant("other", {"kl": 0.5}), rl.steps + 1).folder.name == f"kl=0.5,steps={rl.steps + 1}"


def test_a_variant_that_fails_is_named_and_the_others_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good"
    commands = {
        bad: [sys.executable, "-c", "raise SystemExit('too large a step')"],
        good: [sys.executable, "-c", "import os; print('threads', os.environ['MINIRL_THREADS'])"],
    }
    assert train(commands, 2, Screen()) == [bad]
    assert "too large a step" in capsys.readouterr().out
    assert (tmp_path / "good.log").read_text() == "threads 1\n"


def test_an_interrupted_variant_goes_on(run: Run, tmp_path: Path) -> None:
    base = Run(tmp_path / "base", run.config)
    job = Job(base, Variant("other", {"kl": 0.5}), run.config.rl.steps)
    assert "--base" in job.command(4, 3)
    job.folder.mkdir(parents=True)
    (job.folder / CONFIG).touch()
    assert job.command(4, 3)[-2:] == ["--resume", str(job.folder)]


@given(st.sampled_from([8, 64, 256]), st.sampled_from([2, 4, 8]), st.sampled_from(GROUPS["samples"].variants))
def test_more_samples_of_fewer_prompts_are_as_many_episodes(prompts: int, samples: int, variant: Variant) -> None:
    base = RLStageConfig(prompts=prompts, samples=samples)
    changed = variant.applied(base)
    assert changed.samples == variant.settings["samples"]
    assert changed.prompts * changed.samples == prompts * samples or changed.prompts == 1


def test_every_variant_can_work() -> None:
    for group in {**variants.GROUPS, **variants.ON_REQUEST}.values():
        for variant in group.variants:
            variant.applied(RLStageConfig(kl=0.1, clip=0.2, updates=2))


@pytest.mark.parametrize(("threads", "expected"), [(1, (2.0, 6.0)), (2, (9.0, 11.0))])
def test_other_programs_take_no_time_from_a_variant(
    threads: int, expected: tuple[float, float], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one thread. Every step waits for other programs; one is held up for long."""
    spent = {"processor": 0.0, "clock": 0.0}

    class Work:
        optimizer = SimpleNamespace(lr=0.0)
        learning_rate = staticmethod(lambda step: 0.0)

        def __init__(self, seconds: float, waits: float) -> None:
            self.seconds, self.waits = seconds, waits

        def update(self, step: int) -> None:
            spent["processor"] += self.seconds
            spent["clock"] += self.seconds + (100.0 if step == 3 else self.waits)

    stages = iter([Work(2.0, 7.0), Work(6.0, 5.0)])
    monkeypatch.setattr(jobs, "timed_stage", lambda *_: next(stages))
    monkeypatch.setattr("time.process_time", lambda: spent["processor"])
    monkeypatch.setattr("time.perf_counter", lambda: spent["clock"])
    monkeypatch.setattr("minirl.kernels.get_threads", lambda: threads)
    assert jobs.step_seconds(run, run.config.rl, run.config.rl) == expected


def test_more_sft_takes_as_long_as_sft_and_rl_together(run: Run) -> None:
    epochs, (sft, rl) = run.config.sft.epochs, (seconds(run, stage) for stage in ("sft", "rl"))
    assert Job(run, MoreSFT("more"), run.config.rl.steps).epochs() == round(epochs * (sft + rl) / sft)
    half = replace(run.config.rl, steps=2 * run.config.rl.steps)
    other = Run(run.folder, replace(run.config, rl=half))
    assert Job(other, MoreSFT("more"), run.config.rl.steps).epochs() == round(epochs * (sft + rl / 2) / sft)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--steps", "0"], "--steps is 0; give 1 or more"),
        (["--only", "weather"], "choose from time, baseline, kl, samples, rehearsal, ladder"),
    ],
)
def test_wrong_arguments(more: list[str], message: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert controls.main([str(run.folder), *more]) == 1
    assert message in capsys.readouterr().err


def test_runs_that_no_mean_can_be_taken_of(bases: list[Run], capsys: pytest.CaptureFixture[str]) -> None:
    first, second = bases
    contents = second.read_json(CONFIG)
    contents["config"]["sft"]["epochs"] = 5
    second.write_json(CONFIG, contents)
    assert controls.main([str(first.folder), str(second.folder)]) == 1
    assert "differ in more than their seeds" in capsys.readouterr().err
    (first.folder / "results.json").unlink()
    assert controls.main([str(first.folder)]) == 1
    assert f"--resume {first.folder}" in capsys.readouterr().err


def test_cells() -> None:
    assert cell([50.0, 51.0, 52.5], "{:.1f}") == "51.2 (50.0 to 52.5)"
    assert cell([50.0, float("nan")], "{:.1f}") == "50.0"
    assert cell([float("nan")], "{:.1f}") == "–"


@given(st.text(), st.dictionaries(st.sampled_from(list(GROUPS)), st.text("ab|\\1\n")))
def test_a_page_is_filled_again_and_again(page: str, tables: dict[str, str]) -> None:
    once = fill(page, tables)
    assert fill(once, tables) == once
    for table in tables.values():
        assert table in once


def test_the_page_has_a_place_for_every_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    table = markdown_table(["a"], [["b"]])
    names = [*GROUPS, *seeds.FILES]
    filled = fill(page, dict.fromkeys(names, table))
    assert filled.count(table) == len(names)
    ends = "<!-- end of table -->"  # a table without a place would be added behind the page, with an end of its own
    assert page.count(ends) == filled.count(ends) == len(names)


def test_the_table_of_seeds_is_made_of_the_file_that_ships() -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    tables = {name: seeds.table(name) for name in seeds.FILES}
    assert fill(page, tables) == page, "`python -m minirl.controls.seeds` puts them into the page"
    found = seeds.published()
    assert set(found) >= set(seeds.COLUMNS)
    for one in found.values():
        again = Together.of(one.values)
        assert len(one.values) == 8 and again.mean == pytest.approx(one.mean)
