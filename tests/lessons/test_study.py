"""The capstone's studies: what was sealed stays, what was run is known, and what the page says comes from the files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.lessons.__main__ import main
from minirl.lessons.lesson import find_lesson
from minirl.lessons.study import ledger, page, rubric, seal, study
from minirl.lessons.study.hostile import holes
from minirl.lessons.study.ledger import LedgerError, first_break, read_ledger
from minirl.lessons.study.plan import PlanError, read_plan
from minirl.lessons.study.score import blind_interval, interval_score, skill
from minirl.lessons.study.study import Study, StudyError
from minirl.runs import Run, Screen, TrainConfig
from minirl.tasks import TASKS
from minirl.tasks.checker import NumberChecker, TextChecker
from minirl.tasks.task import Problem

LESSON = find_lesson("capstone")
EXAMPLE = LESSON.folder / "example"
PLAN = """
question = "Does it?"
measure = "points"
low = 1
high = 9
sure = 80
because = "I think so."
no_if = "it does not"
least = -100
most = 100
runs = 3
"""
EXERCISES = """
from dataclasses import replace
from minirl.lessons.small_job import SMALL, Tennis

class MyTask(Tennis):
    name = "a task of test_study"

def jobs(seed):
    return [replace(SMALL, task=MyTask.name, seed=seed)]

def measure(runs, split):
    return float(runs[0].records()[-1]["value"]) + (split == "dev")
"""
QUIET = Screen(quiet=True)


def pretend(config: TrainConfig, screen: Screen) -> Run:
    """A run without any training, whose one measure depends on its seed."""
    run = Run.create(config)
    (run.folder / "metrics.jsonl").write_text(
        json.dumps({"stage": "rl", "step": 1, "seconds": 1.0, "value": config.seed % 13}) + "\n"
    )
    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study that is complete, in which nothing is done yet; training is only pretended."""
    monkeypatch.setattr(study, "train", pretend)
    monkeypatch.setitem(TASKS, "a task of test_study", TASKS["addition"])  # put back afterwards
    monkeypatch.delitem(TASKS, "a task of test_study")
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "exercises.py").write_text(EXERCISES)
    shutil.copyfile(LESSON.folder / "report.md", tmp_path / "report.md")
    return tmp_path


def done(folder: Path) -> Study:
    """The study, sealed and run."""
    opened = Study.open(folder)
    opened.set_seal()
    for seed in opened.missing():
        opened.run(seed, QUIET)
    return opened


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# ---- the seal ----


def test_nothing_runs_before_the_seal(folder: Path) -> None:
    opened = Study.open(folder)
    with pytest.raises(StudyError, match="nothing is sealed yet"):
        opened.run(0, QUIET)
    assert opened.sealed() is None and read_ledger(folder) == []


def test_runs_are_those_of_the_seal_and_a_second_seal_of_the_same_is_refused(folder: Path) -> None:
    opened = done(folder)
    assert opened.missing() == [] and opened.faults() == []
    assert [entry["seed"] for entry in opened.entries()] == seal.seeds(opened.seal(), 3)
    with pytest.raises(StudyError, match="sealed at"):
        opened.set_seal()


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("plan.toml", "high = 9", "high = 10", "plan"),
        ("exercises.py", '["value"])', '["value"]) + 1', "code"),
        ("exercises.py", "seed=seed)", "seed=seed, rl=replace(SMALL.rl, steps=41))", "jobs"),
    ],
)
def test_a_change_after_the_runs_is_noticed_and_brings_other_seeds(
    folder: Path, file: str, old: str, new: str, part: str
) -> None:
    before = done(folder).seeds()
    kept = folder / "sealed" / Study.open(folder).seal()[:8] / file
    edited(folder / file, old, new)
    changed = Study.open(folder)
    with pytest.raises(StudyError, match=f"{part}.* changed after"):
        changed.faults()
    assert old in kept.read_text()  # what was sealed can be put back
    changed.set_seal()
    assert not set(before) & set(changed.seeds()) and len(changed.missing()) == 3
    assert rubric.caps(read_ledger(folder), [], [])["prediction"].points == 1  # the first prediction had its runs
    for seed in changed.missing():
        changed.run(seed, QUIET)
    assert page.facts(read_ledger(folder))["earlier"] == "1 to 9, with 3 runs"


def test_a_comment_alone_changes_the_seal_and_the_order_of_a_plan_does_not(folder: Path) -> None:
    first = Study.open(folder).seal()
    lines = PLAN.strip().split("\n")
    (folder / "plan.toml").write_text("\n".join(reversed(lines)))
    assert Study.open(folder).seal() == first
    edited(folder / "exercises.py", "def jobs", "# what is compared\ndef jobs")
    assert Study.open(folder).seal() != first


@given(st.text(max_size=20), st.integers(0, 10), st.integers(0, 10))
def test_seeds_of_fewer_runs_are_the_first_ones(of: str, n: int, more: int) -> None:
    assert seal.seeds(of, n + more)[:n] == seal.seeds(of, n)
    assert all(0 <= seed < 2**31 for seed in seal.seeds(of, n))


# ---- the ledger and the runs ----


def test_the_ledger_is_a_chain_that_shows_changes(folder: Path) -> None:
    done(folder)
    lines = ledger.lines_of(folder)
    assert first_break(lines) is None and len(lines) == 4
    for index in range(3):  # the last line has no successor that could tell
        changed = [line.replace('"time": "2', '"time": "3') if i == index else line for i, line in enumerate(lines)]
        assert first_break(changed) == index + 1
        assert first_break(lines[:index] + lines[index + 1 :]) == index
    (folder / "ledger.jsonl").write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    with pytest.raises(LedgerError, match="line 2, does not follow"):
        Study.open(folder).sealed()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda run: shutil.rmtree(run), "are missing"),
        (lambda run: edited(run / "metrics.jsonl", '"value"', '"valve"'), "not those that the ledger knows"),
        (lambda run: edited(run / "config.json", '"seed": ', '"seed": 1'), "are damaged, or were changed"),
    ],
)
def test_runs_that_do_not_fit_are_found(folder: Path, harm: Callable[[Path], None], said: str) -> None:
    opened = done(folder)
    harm(folder / opened.entries()[1]["folders"][0])
    (fault,) = opened.faults()
    assert said in fault and str(opened.seeds()[1]) in fault
    capped = rubric.caps(read_ledger(folder), [fault], [])
    assert capped["method"].points == 0 and capped["question"].points == 3


def test_a_last_line_with_another_value_is_found_by_measuring_again(folder: Path) -> None:
    opened = done(folder)
    path = folder / "ledger.jsonl"
    *others, last = path.read_text().splitlines()
    value = json.loads(last)["value"]
    path.write_text("\n".join([*others, last.replace(f'"value": {value}', '"value": 77.0')]) + "\n")
    (fault,) = opened.faults()
    assert "measured again" in fault and "77" in fault


def test_a_run_with_a_seed_of_ones_own_is_found(folder: Path) -> None:
    opened = done(folder)
    ledger.add(folder, "run", {"seal": opened.seal(), "seed": 5, "value": 50.0, "folders": [], "files": []})
    (fault,) = opened.faults()
    assert "the seed 5, which does not follow from the seal" in fault


def test_a_pilot_is_measured_on_dev_and_counted(folder: Path) -> None:
    opened = Study.open(folder)
    assert opened.pilot(QUIET)["value"] == 1.0  # 0 % 13, and 1 for dev
    done(folder)
    known = page.facts(read_ledger(folder))
    assert known["pilots"] == 1 and known["pilot_values"] == [1.0]


def test_what_is_left_of_a_run_that_was_stopped_is_replaced(folder: Path) -> None:
    opened = Study.open(folder)
    opened.set_seal()
    left = folder / "runs" / f"{opened.seal()[:8]}-1a"
    left.mkdir(parents=True)
    assert opened.run(opened.seeds()[0], QUIET)["folders"] == [f"runs/{left.name}"]


# ---- plans and jobs that cannot be ----


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('question = "Does it?"', 'question = " "', "`question` is empty"),
        ("low = 1", "low = 9", "expected a real interval"),
        ("high = 9", "high = 900", "expected a real interval"),
        ("sure = 80", "sure = 30", "50 to 99"),
        ("runs = 3", "runs = 2", "3 to 10"),
    ],
)
def test_a_plan_that_is_not_complete_cannot_be_sealed(folder: Path, old: str, new: str, said: str) -> None:
    edited(folder / "plan.toml", old, new)
    with pytest.raises(PlanError, match=said):
        Study.open(folder).set_seal()
    assert read_ledger(folder) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\nsure = 80", "", "lacks sure"),
        ("\nhigh", "\nhuge", "lacks high"),
        ("low = 1", 'low = "1"', "expected a number"),
    ],
)
def test_a_plan_that_cannot_be_read_says_why(folder: Path, old: str, new: str, said: str) -> None:
    edited(folder / "plan.toml", old, new)
    with pytest.raises(PlanError, match=said):
        read_plan(folder)


def test_jobs_of_another_seed_or_task_and_names_of_minirls_tasks_are_refused(folder: Path) -> None:
    edited(folder / "exercises.py", "seed=seed)", "seed=3)")
    with pytest.raises(StudyError, match="the seed 3; expected"):
        Study.open(folder).set_seal()
    edited(folder / "exercises.py", "a task of test_study", "addition")
    with pytest.raises(StudyError, match="has a task 'addition' of its own"):
        Study.open(folder)


# ---- score and page ----


@given(st.lists(st.floats(-50, 50), min_size=4, max_size=30), st.sampled_from([50, 60, 80, 90]), st.data())
def test_nobody_scores_better_than_with_the_quantiles_of_what_they_believe(
    beliefs: list[float], sure: int, data: st.DataObject
) -> None:
    best = LESSON.module("solution").best_interval(beliefs, sure)
    low, high = sorted((data.draw(st.floats(-60, 60)), data.draw(st.floats(-60, 60))))

    def mean(low: float, high: float) -> float:
        return float(np.mean([interval_score(low, high, sure, outcome) for outcome in beliefs]))

    assert mean(*best) <= mean(low, high) + 1e-9


def test_skill_is_1_for_a_prophet_and_0_for_the_blind() -> None:
    assert blind_interval(-100, 100, 80) == pytest.approx((-80, 80))
    assert skill(3, 3, 80, -100, 100, 3) == 1 and skill(-80, 80, 80, -100, 100, 3) == pytest.approx(0)
    assert skill(50, 51, 99, -100, 100, -50) < -10
    for wrong in ((3.0, 2.0, 80), (0.0, 1.0, 100)):
        with pytest.raises(ValueError, match="interval_score"):
            interval_score(*wrong, 0.0)


@given(st.floats(-1000, 1000), st.integers(0, 3))
def test_every_rounding_of_a_known_number_is_traced_and_its_neighbour_is_not(known: float, decimals: int) -> None:
    assert page.untraced(f"It is {known:.{decimals}f}.", [known]) == []
    assert page.untraced(f"It is {abs(known) + 2 / 10**decimals:.{decimals}f}.", [known]) != []


def test_a_page_is_held_to_the_files(folder: Path) -> None:
    done(folder)
    known = page.facts(read_ledger(folder))
    report = (folder / "report.md").read_text()
    lacks = page.page_faults(report, page.filled(report, known), known)
    assert len(lacks) == 1 and "places still say (your words)" in lacks[0]
    finished = report.replace(page.YOURS, "It rose by 71.3.").replace("{table}", "")
    lacks = page.page_faults(finished, page.filled(finished, known), known)
    assert "table with every run" in lacks[0] and "71.3, 71.3" in lacks[1]
    long = report.replace(page.YOURS, "word " * 300)
    assert any("at most 700" in fault for fault in page.page_faults(long, page.filled(long, known), known))
    with pytest.raises(ValueError, match=r"asks for \{men\}"):
        page.filled("{men}", known)
    assert rubric.caps(read_ledger(folder), [], lacks)["result"].points == 1


def test_the_interval_over_runs_is_students() -> None:
    assert page.mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2.0, 2 - 4.303 / 3**0.5, 2 + 4.303 / 3**0.5))


def test_hostile_texts_fool_a_careless_checker_and_not_minirls() -> None:
    class Careless(NumberChecker):
        def check(self, problem: Problem, text: str) -> bool:
            return problem.answer in text

    number, word = Problem("3 + 4?", "It is 3 + 4.", "7", "k"), Problem("Which day?", "After Sunday.", "Monday", "k")
    assert holes(NumberChecker(), number, "8") == [] and holes(TextChecker(), word, "Tuesday") == []
    assert set(holes(Careless(), number, "8")) == {
        "mentions the answer", "mentions the answer below another one", "gives two answers at once",
        "takes its answer back",
    }  # fmt: skip


# ---- the runner, and the worked example ----


def test_the_runner_leads_through_a_study(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path_factory.mktemp("learner"))
    assert main(["init", "."]) == 0 and main(["study"]) == 0
    assert "The plan is not complete yet" in capsys.readouterr().out
    assert main(["study", "run"]) == 1 and main(["study", "seal"]) == 1
    for name in ("plan.toml", "exercises.py"):
        shutil.copyfile(folder / name, Path("capstone", name))
    assert [main(["study", step]) for step in ("seal", "page", "run", "where", "page", "grade")] == [0, 1, 0, 0, 1, 0]
    said = capsys.readouterr().out
    for words in ("3 of 3 runs are missing", "The seeds that follow from the seal", "Runs: 3 of 3.", "your words",
                  "method: at most 3 of 3", "report: at most 1 of 3", "knowing nothing gives", "Skill:"):  # fmt: skip
        assert words in " ".join(said.split()), words
    edited(Path("capstone", "report.md"), page.YOURS, "Done.")
    assert main(["study", "page"]) == 0 and Path("capstone", "values.png").is_file()
    assert "Every number of the page is traced" in " ".join(capsys.readouterr().out.split())


def test_the_example_is_what_was_sealed_and_its_page_what_its_files_say() -> None:
    entries = read_ledger(EXAMPLE)
    sealed = next(entry for entry in entries if entry["what"] == "seal")
    contents = {part: sealed[part] for part in ("plan", "code", "jobs")}
    assert seal.seal_of(contents) == sealed["seal"]
    assert sealed["plan"] == read_plan(EXAMPLE).as_json()
    assert sealed["code"] == seal.text_hash((LESSON.folder / "solution.py").read_text(encoding="utf-8"))
    runs = [entry for entry in entries if entry["what"] == "run"]
    assert [run["seed"] for run in runs] == seal.seeds(sealed["seal"], 5)
    known, report = page.facts(entries), (EXAMPLE / page.REPORT).read_text(encoding="utf-8")
    made = page.filled(report, known)
    assert page.page_faults(report, made, known) == []
    assert (EXAMPLE / page.PAGE).read_text(encoding="utf-8") == made


@pytest.mark.slow
def test_the_example_can_be_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of the example from its own seeds. Another processor rounds differently, so values may differ by some
    points; see lesson 14."""
    for name, place in (("exercises.py", LESSON.folder / "solution.py"), ("plan.toml", EXAMPLE / "plan.toml")):
        shutil.copyfile(place, tmp_path / name)
    opened = Study.open(tmp_path)
    monkeypatch.setitem(TASKS, opened.names["MyTask"].name, opened.names["MyTask"])
    for entry in [entry for entry in read_ledger(EXAMPLE) if entry["what"] == "run"][:2]:
        runs = opened.trained(entry["seed"], tmp_path / "runs", f"again-{entry['seed']}", QUIET)
        assert abs(opened.value(runs, "test") - entry["value"]) < 15
