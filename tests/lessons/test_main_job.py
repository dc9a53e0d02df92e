"""The main job with the learner's functions: whose each part was, where two runs part, how long it would take."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.console import printable
from minirl.lessons import main_job as job_
from minirl.lessons import parts
from minirl.lessons import plan as plan_
from minirl.lessons.__main__ import main
from minirl.lessons.build import solved_folder
from minirl.lessons.lesson import NotFound, find_exercise, find_lesson, lessons
from minirl.lessons.main_job import (
    agreement,
    main_job,
    my_parts,
    parting,
    read_parts,
    roger,
    same_job,
    training_seams,
    whose,
)
from minirl.lessons.parts import SwapError
from minirl.lessons.plan import Pace, plan
from minirl.lessons.progress import Progress
from minirl.lessons.small_job import SMALL
from minirl.runs import PRESETS, Run, TrainConfig
from minirl.train.loop import Stopped


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A learner's folder in which every exercise is solved."""
    with solved_folder() as progress:
        yield progress.folder


@pytest.fixture
def solved(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which we are."""
    copy = Path(shutil.copytree(folder, tmp_path / "minirl-lessons"))
    monkeypatch.chdir(copy)
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    return copy


@pytest.fixture
def tiny(tmp_path: Path) -> TrainConfig:
    """A job of a few updates."""
    return replace(
        SMALL,
        name="tiny",
        runs=str(tmp_path / "runs"),
        pretrain=replace(SMALL.pretrain, steps=3),
        sft=replace(SMALL.sft, epochs=1, demonstrations=32),
        rl=replace(SMALL.rl, steps=2, prompts=2, samples=2, max_new_tokens=8),
        evaluation=replace(SMALL.evaluation, problems=2, samples=1, dev_problems=2, probes=1, max_new_tokens=8),
    )


def unpass(folder: Path, *numbers: str) -> None:
    """As if these exercises had not passed."""
    progress = Progress.read(folder)
    for number in numbers:
        progress.of(find_exercise(number)[1]).pop("passed")
    progress.save()


def test_every_seam_is_somebodys_and_what_has_not_passed_is_minirls(solved: Path) -> None:
    mine = my_parts()
    assert set(mine.yours) == set(training_seams()) and not mine.missing
    unpass(solved, "9.4", "12.6")
    mine = my_parts()
    assert set(mine.missing) == {"optim.adamw", "rl.leave_one_out"}
    assert "not passed yet: 9.4 adamw, 12.6 leave_one_out" in str(mine)


def test_parts_can_be_chosen_by_lesson_exercise_and_seam(solved: Path) -> None:
    mine = my_parts(["9", "12.6", "model.gpt"])
    pretraining = {exercise.seam for exercise in find_lesson("9").exercises if exercise.seam}
    assert "optim.adamw" in pretraining
    assert set(mine.yours) == {*pretraining, "rl.leave_one_out", "model.gpt"}
    assert "autograd.order" in mine.left_out and "as you asked for" in str(mine)
    assert my_parts(["none"]).yours == () and my_parts(["none"]).left_out
    with pytest.raises(NotFound):
        my_parts(["77"])
    with pytest.raises(ValueError, match=r"12.1 goes nowhere in minirl's training; these exercises do: 1.1"):
        my_parts(["12.1"])


def test_a_file_that_got_worse_since_it_passed_is_not_used(solved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = solved / "12_reinforce" / "exercises.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("return rewards - others", "return rewards + others"), encoding="utf-8")
    mine = my_parts(["12"])
    assert "rl.leave_one_out" in mine.missing and "rl.token_weights" in mine.yours
    assert "12.6 leave_one_out passed once, but not as it is now" in capsys.readouterr().out


def test_outside_a_folder_everything_is_minirls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert my_parts().yours == () and set(my_parts().missing) == set(training_seams())


def test_the_job_uses_the_parts_and_says_so(solved: Path, tiny: TrainConfig) -> None:
    run = main_job(tiny, my_parts())
    found = read_parts(run)
    assert set(found) == set(training_seams())
    used = {seam: one["work"] / one["total"] for seam, one in found.items() if one["calls"]}
    for seam in ("optim.adamw", "schedule.warmup_cosine", "rl.leave_one_out", "autograd.order", "rl.after"):
        assert used[seam] == 1, seam
    for seam in ("model.gpt", "rl.policy", "rl.draw", "rl.step", "rl.play", "tensor.rms_norm_backward"):
        assert used[seam] > 0, seam
    assert found["optim.adamw"]["file"] == "09_pretraining/exercises.py" and found["optim.adamw"]["compared"] > 0
    assert found["tensor.cross_entropy"]["calls"] == 0
    text = whose(run)
    assert "3.1 unbroadcast" in text.partition("Not called in this run: ")[2]
    assert "9.4 adamw" in text.partition("Not called in this run: ")[0]
    assert max(map(len, text.splitlines())) < 80 and max(map(len, str(my_parts()).splitlines())) < 80
    replaced = json.loads((run.folder / "config.json").read_text())["environment"]["replaced"]
    assert "minirl.kernels:adamw" in replaced and "minirl.rl.advantage:advantages" not in replaced  # a meter
    assert "These functions were not minirl's own: " in (run.folder / "report.md").read_text(encoding="utf-8")
    assert not parts.WATCHING and roger(run) is not None


def test_the_same_seed_with_minirls_parts_agrees_at_first_and_the_first_other_update_is_named(
    solved: Path, tiny: TrainConfig
) -> None:
    mine, own = main_job(tiny, my_parts(["9"])), main_job(tiny)
    assert not Run.open(own.folder).read_json("config.json")["environment"].get("replaced")
    assert "These functions" not in (own.folder / "report.md").read_text(encoding="utf-8")
    assert [other.folder for other in same_job(mine)] == [own.folder] and same_job(own)[0].folder == mine.folder
    found = parting(mine, own)
    assert found is None or found[0] != "pretrain"
    assert "agree" in agreement(mine, own) and agreement(own, own).endswith("agree bit by bit in all 7 updates.")
    path = mine.folder / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    third = next(line for line in lines if (line["stage"], line.get("step")) == ("pretrain", 3))
    third["loss"] *= 1.01
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert parting(mine, own)[:2] == ("pretrain", 3)
    assert "up to pretrain, step 3: there they have loss" in " ".join(agreement(mine, own).split())
    third["loss"] = float("nan")
    lines.remove(max((line for line in lines if line["stage"] == "rl" and "loss" in line), key=lambda one: one["step"]))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ValueError, match="updates"):
        parting(mine, own)


def test_a_part_that_goes_wrong_stops_the_run_and_what_it_did_is_kept(solved: Path, tiny: TrainConfig) -> None:
    mine = my_parts(["9"])
    exact = parts.PARTS["schedule.warmup_cosine"].__wrapped__
    wrong = parts.implements("schedule.warmup_cosine")(lambda step, *rest: exact(step, *rest) * (2 if step > 1 else 1))
    wrong.__wrapped__.__code__ = wrong.__wrapped__.__code__.replace(co_filename=exact.__code__.co_filename)
    with pytest.raises(SwapError, match="differs from minirl's"):
        main_job(tiny, mine)
    (run,) = (Run.open(path.parent) for path in Path(tiny.runs).glob("*/config.json"))
    assert read_parts(run)["schedule.warmup_cosine"]["calls"] == 3 and run.results() is None


def test_a_run_that_was_stopped_goes_on(solved: Path, tiny: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    complete, mine = job_.complete, my_parts(["9.6"])

    def stopped(*arguments: object, **named: object) -> None:
        complete(*arguments, **named)
        raise Stopped("after all of it, but nobody was told")

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(job_, "complete", stopped)
        main_job(tiny, mine)
    run = main_job(tiny, mine)
    assert run.folder.name == "tiny" and read_parts(run)["schedule.warmup_cosine"]["calls"] == 7
    assert main_job(tiny, mine).folder.name == "tiny-2"


def test_run_full_does_the_job_and_compares(
    solved: Path, tiny: TrainConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PRESETS, "smoke", tiny)
    assert main(["run", "14", "--full", "--preset", "smoke", "--mine", "9", "12.6", "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert "9.4 adamw, 9.5 clip, 9.6 learning_rate," in said and "12.6 leave_one_out." in said and "--mine none" in said
    run = Run.open(solved / "runs" / "mine-smoke")
    assert run.config.seed == 3 and printable(roger(run)) in said
    assert main(["run", "14", "--full", "--preset", "smoke", "--mine", "none", "--seed", "3"]) == 0
    assert "minirl-smoke and mine-smoke agree" in capsys.readouterr().out


def test_run_plan_measures_each_part(
    solved: Path, tiny: TrainConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PRESETS, "smoke", tiny)
    assert main(["run", "14", "--plan", "--preset", "smoke", "--mine", "9"]) == 0
    said = capsys.readouterr().out
    assert "All updates (3 of pretraining, 2 of SFT, 2 of RL)" in said and "under 1 min" in said
    assert max(map(len, said.splitlines())) <= 80 and not (solved / "runs").exists()
    assert "3 of pretraining" in plan(tiny, job_.Mine(), updates=1)


def test_a_plan_multiplies_and_names_what_is_dear(tiny: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def paces(config: TrainConfig, those: tuple[job_.Mine, ...], *rest: object) -> list[dict[str, Pace]]:
        slow = [{"optim.adamw": 0.2} if mine.yours else {} for mine in those]
        none = {"optim.adamw": 0.0}
        return [
            {"pretrain": Pace(600, 0.104 + sum(one.values()), one), "sft": Pace(60, 1.0, none)} for one in slow
        ]  # fmt: skip

    monkeypatch.setattr(plan_, "paces", paces)
    lines = [line.split() for line in plan(tiny, job_.Mine(yours=("optim.adamw",))).splitlines()]
    assert ["pretraining", "0.1", "s", "0.3", "s"] in lines and ["SFT", "1", "s", "1", "s"] in lines
    place = lines.index(["All", "updates", "(600", "of", "pretraining,", "60", "of", "SFT):"])
    assert lines[place + 1] == ["2", "min", "4", "min"]
    assert " ".join(lines[place + 2]) == "Of your parts, the slowest are: 9.4 adamw 2 min."


def test_a_plan_takes_turns_and_the_fastest_update(tiny: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 9.0, 9.0, 9.0, *range(10, 10_000)])  # of the first updates, one seems slow and one too fast
    monkeypatch.setattr(plan_.time, "process_time", lambda: float(next(clock)))
    short = replace(tiny, last_stage="pretrain")
    own, yours = plan_.paces(short, (job_.Mine(), job_.Mine()), plan_.train_tokenizer(short).tokenizer, updates=2)
    assert own["pretrain"].update == yours["pretrain"].update == 1.0 and own["pretrain"].steps == 3


def test_other_lessons_have_no_main_job(solved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "1", "--full"]) == 3
    assert "are for lesson 14" in " ".join(capsys.readouterr().err.split())


def test_one_lesson_has_the_main_job() -> None:
    assert [number for number, lesson in lessons().items() if lesson.full] == ["14"] == [find_lesson("14").number]
