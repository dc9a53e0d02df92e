"""A learner's function inside minirl: counted, compared, stopped when it is wrong, and gone afterwards."""

import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from minirl.lessons import parts
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.mine import exercises_of
from minirl.lessons.parts import Seam, SwapError, Use, implements, swapped
from minirl.lessons.progress import Progress
from minirl.rl import advantage
from minirl.rl.advantage import advantages

REWARDS = np.array([[1.0, 0.0, 0.0, 1.0]])

SEAM = Seam(
    "test.centre",
    places=[("minirl.rl.advantage:leave_one_out", lambda centre, original: lambda rewards: centre(rewards[0])[None])],
    oracle=lambda row: row - row.mean(),
    bound=Bound(4, 1.0),
    meter="minirl.rl.advantage:advantages",
    unit="rows",
)


@pytest.fixture(autouse=True)
def seam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(parts, "seams", lambda: {SEAM.id: SEAM})
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    monkeypatch.chdir(tmp_path)
    yield
    assert not parts.WATCHING


def test_minirl_uses_the_function_and_it_is_counted() -> None:
    @implements("test.centre")
    def centre(row):
        return row - row.sum() / len(row)

    before = advantage.leave_one_out
    with swapped("test.centre", force=True) as used:
        found = [advantages(REWARDS, "leave_one_out") for _ in range(30)]
        advantages(REWARDS, "plain")  # work that does not come by the seam
    assert found[0].tolist() == [[0.5, -0.5, -0.5, 0.5]]
    use = used["test.centre"]
    assert (use.calls, use.compared, use.total) == (30, parts.FIRST, 31)
    assert "30 of 31 rows (97%)" in str(used)
    assert advantage.leave_one_out is before is advantage.KINDS["leave_one_out"]
    assert advantages(REWARDS, "leave_one_out")[0, 0] != 0.5


def test_one_call_is_told_in_the_singular() -> None:
    assert "did 1 of 1 row (100%); 1 call was checked" in str(Use(SEAM, calls=1, work=1, total=1, compared=1))
    assert "did 2 of 3 rows (67%); 2 calls were checked" in str(Use(SEAM, calls=2, work=2, total=3, compared=2))


def test_a_function_that_is_never_called_has_a_share_of_0() -> None:
    implements("test.centre")(lambda row: row)
    with swapped("test.centre", force=True) as used:
        advantages(REWARDS, "plain")
    assert used["test.centre"].share == 0


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda row: row * 1.0, r"differs from minirl's: the result.*\w\. The run stops here"),
        (lambda row: row / None, r"raised TypeError: [^.]*\. The run stops here"),
        (lambda row: np.subtract(row, row.mean(), out=row), r"changed its input\. The run stops here"),
        (lambda row: None, r"None\. .*\? The run stops here"),
    ],
)
def test_a_wrong_function_stops_the_run_and_leaves_a_program_that_repeats_the_call(
    function, words, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    function.__name__ = "centre"
    implements("test.centre")(function)
    before = advantage.leave_one_out
    with pytest.raises(SwapError, match=words), swapped("test.centre", force=True):
        advantages(REWARDS.copy(), "leave_one_out")
    assert advantage.leave_one_out is before
    program = Path("replay_centre.py").read_text(encoding="utf-8")
    assert "centre(np.array([1.0, 0.0, 0.0, 1.0]))" in program
    Path("exercises.py").write_text("def centre(row):\n    return 'called again'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "exercises", raising=False)
    runpy.run_path("replay_centre.py")
    assert sys.modules.pop("exercises").__file__ == str(tmp_path / "exercises.py")


def test_a_function_that_goes_wrong_later_is_found_too() -> None:
    calls = []

    @implements("test.centre")
    def centre(row):
        calls.append(row)
        return row - row.mean() + (len(calls) > 40)

    with pytest.raises(SwapError, match="differs"), swapped("test.centre", force=True, verify=50):
        for _ in range(200):
            advantages(REWARDS, "leave_one_out")
    assert len(calls) == 51


def test_what_cannot_be_swapped_is_refused() -> None:
    with pytest.raises(SwapError, match=r"no seam 'test.other'"), swapped("test.other"):
        pass
    with pytest.raises(SwapError, match="import your exercises"), swapped("test.centre"):
        pass
    implements("test.centre")(lambda row: row - row.mean())
    with (
        swapped("test.centre", force=True),
        pytest.raises(SwapError, match="swapped already"),
        swapped("test.centre", force=True),
    ):
        pass


def test_a_function_that_has_not_passed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    from minirl.lessons.folder import make_folder

    folder = make_folder(tmp_path / "minirl-lessons").folder / "01_decisions"
    namespace(folder / "exercises.py")
    with pytest.raises(SwapError, match=r"after has not passed its check. `check 1.1`"), swapped("rl.after"):
        pass
    shutil.copyfile(find_lesson("1").folder / "solution.py", folder / "exercises.py")
    namespace(folder / "exercises.py")
    with swapped("rl.after") as used:  # it is checked now, and passes
        from minirl.rl import State

        assert State((1,), 1).after(2).tokens == (1, 2)
    assert used["rl.after"].calls == 1


@pytest.fixture
def first_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The exercises of lesson 1 in a learner's folder, where 1.1 is right and has passed, and nothing else has."""
    from minirl.lessons.folder import make_folder

    monkeypatch.undo()
    progress = make_folder(tmp_path)
    monkeypatch.chdir(tmp_path / "01_decisions")
    file, exercise = tmp_path / "01_decisions" / "exercises.py", find_lesson("1").exercises[0]
    stub = 'raise NotImplementedError("write after")'
    assert stub in file.read_text()
    file.write_text(file.read_text().replace(stub, "return (*state, action)"))
    progress.checked(exercise, file, "pass")
    return file


def test_the_courses_function_stands_in_and_says_so(first_lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    my = exercises_of(1)
    said = capsys.readouterr().out
    assert "Not passed yet, so the course's own function stands in: 1.2 policy" in said and "1.1" not in said
    assert my.policy(np.zeros(2), 1.0).tolist() == [0.5, 0.5]
    assert my.after.__wrapped__.__code__.co_filename == str(first_lesson)
    assert my.whose("after") == "your" and my.whose("policy", "draw") == "the course's"
    assert my.whose("after", "policy") == "your and the course's"
    with swapped("rl.policy") as used:
        pass
    assert "the course's function" in str(used)


def test_a_function_that_passed_and_is_broken_now_does_not_run_silently(
    first_lesson: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = first_lesson.read_text()
    first_lesson.write_text(right.replace("return (*state, action)", "return (action, *state)"))
    my = exercises_of(1)
    assert "`check` finds it wrong, so the course's own function stands in: 1.1 after." in capsys.readouterr().out
    assert my.after((1,), 2) == (1, 2) and my.whose("after") == "the course's"
    first_lesson.write_text(right + "\n# only another comment\n")
    my = exercises_of(1)
    assert "1.1" not in capsys.readouterr().out
    assert my.after.__wrapped__.__code__.co_filename == str(first_lesson)


def test_a_function_that_passes_later_is_used_at_once(first_lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in lesson 0: cells have run, then an exercise is written and checked, and the next cell is to use it."""
    my = exercises_of(1)
    policy = find_lesson("1").exercises[1]
    stub = 'raise NotImplementedError("write policy")'
    right = "w = np.exp((logits - logits.max()) / temperature) if temperature else 1.0 * (logits == logits.max())"
    text = first_lesson.read_text()
    assert stub in text
    first_lesson.write_text(text.replace(stub, f"{right}\n    return w / w.sum()"))
    assert my.whose("policy") == "the course's"  # it is written and has not passed
    progress = Progress.open()
    progress.checked(policy, first_lesson, "pass")
    capsys.readouterr()
    with swapped("rl.policy", force=True) as used:
        pass
    assert "your function" in str(used)
    assert my.policy.__wrapped__.__code__.co_filename == str(first_lesson) and my.whose("policy") == "your"
    said = capsys.readouterr().out
    assert said.count("were read again") == 1 and "1.2" not in said and "1.3 draw" in said
    assert my.policy(np.zeros(2), 1.0).tolist() == [0.5, 0.5] and capsys.readouterr().out == ""
    with pytest.raises(AttributeError, match="lesson 1 has no exercise 'polcy'"):
        my.polcy  # noqa: B018
