"""The gates for speed and memory: three verdicts, a second try, and the slow version that a time is like."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from minirl.lessons import gate
from minirl.lessons.gate import Memory, Speed, judge_memory, judge_speed
from minirl.lessons.race import race

LESSON: Any = SimpleNamespace(
    wrong=lambda exercise: {"f__slow": Path("slow.c"), "f__slower": Path("slower.c")},
    solution=lambda exercise: Path("s.c"),
)  # fmt: skip
EXERCISE: Any = SimpleNamespace(name="f")
RNG = np.random.default_rng(0)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch):
    """Have the gate see these times: a list of (yours, the course's, slow, slower), one for each measurement."""
    seen: list[tuple[float, ...]] = []

    def fake(contenders, seconds, threads):
        assert list(contenders) == ["yours", "course", "f__slow", "f__slower"]
        return dict(zip(contenders, seen.pop(0), strict=True))

    monkeypatch.setattr(gate, "race", fake)
    monkeypatch.setattr(gate, "variant", lambda lesson, exercise, path, watch=False: {"f": lambda: None})
    monkeypatch.setattr(gate, "says", lambda path: f"as in {path}")
    return seen


def ruling(seen: list[tuple[float, ...]], *times: tuple[float, ...]) -> gate.Ruling:
    seen[:] = times
    speed = Speed(case=lambda rng: (), slow=("f__slow", "f__slower"), apart=2.0)
    return judge_speed(LESSON, EXERCISE, {"f": lambda: None}, speed, RNG)


def test_the_gate_is_the_geometric_mean_of_the_course_and_the_faster_slow_one(measured) -> None:
    assert ruling(measured, (1.99, 1.0, 4.0, 9.0)).verdict == "pass"
    found = ruling(measured, (2.01, 1.0, 4.0, 9.0), (2.01, 1.0, 4.0, 9.0))
    assert found.verdict == "fail" and "Up to 2.0 times as long passes" in found.parts[0][1]


def test_a_slow_time_is_measured_once_more(measured) -> None:
    assert ruling(measured, (3.0, 1.0, 4.0, 9.0), (1.5, 1.0, 4.0, 9.0)).verdict == "pass"


def test_a_pass_says_how_long_it_takes_beside_the_course() -> None:
    assert [gate.ratio(time, 2.0) for time in (2.02, 3.4, 1.6)] == ["as long", "1.7 times as long", "0.8 times as long"]


@pytest.mark.parametrize("second", [(3.0, 1.0, 1.5, 9.0), (3.0, 1.0, 4.0, 9.0)])
def test_where_the_known_versions_come_out_alike_nobody_can_tell(measured, second: tuple[float, ...]) -> None:
    found = ruling(measured, (3.0, 1.0, 1.9, 9.0), second)
    assert found.verdict == "inconclusive" and "too busy" in found.parts[0][1]


def test_a_slow_version_is_named_only_where_the_time_is_near_its_own(measured) -> None:
    for mine, said in ((3.9, ["as in slow.c"]), (8.0, ["as in slower.c"]), (2.1, []), (30.0, [])):
        found = ruling(measured, *[(mine, 1.0, 4.0, 9.0)] * 2)
        assert [text for kind, text in found.parts if kind == "mistake"] == said


def using(power: float, most: float = 100.0) -> dict[str, Any]:
    """A function whose memory grows like its size to this power."""

    def f(size: int) -> None:
        f.raw.peak_bytes = int(most * size**power)  # type: ignore[attr-defined]

    f.raw = SimpleNamespace(peak_bytes=0)  # type: ignore[attr-defined]
    return {"f": f}


@pytest.mark.parametrize(("power", "verdict"), [(0.0, "pass"), (1.0, "pass"), (1.5, "fail"), (2.0, "fail")])
def test_memory_is_judged_by_how_it_grows(monkeypatch: pytest.MonkeyPatch, power: float, verdict: str) -> None:
    monkeypatch.setattr(gate, "variant", lambda lesson, exercise, path, watch=False: using(2.0))
    monkeypatch.setattr(gate, "says", lambda path: f"as in {path}")
    memory = Memory(case=lambda size, rng: (size,), sizes=(10, 20, 40), exponent=1.3, wasteful=["f__slow"])
    found = judge_memory(LESSON, EXERCISE, using(power), memory, RNG)
    assert found.verdict == verdict
    assert (("mistake", "as in slow.c") in found.parts) == (power == 2.0)


def test_no_memory_at_all_is_no_growth() -> None:
    memory = Memory(case=lambda size, rng: (size,), sizes=(10, 20), exponent=1.3)
    assert judge_memory(LESSON, EXERCISE, using(0.0, most=0.0), memory, RNG).verdict == "pass"


def test_a_race_takes_turns_and_keeps_the_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, order = [0.0], []
    monkeypatch.setattr(
        "minirl.lessons.race.time", SimpleNamespace(process_time=lambda: clock[0], perf_counter=lambda: 1.0)
    )
    pace = {"tortoise": iter([5.0, 4.0, 3.0, 9.0]), "hare": iter([9.0, 2.0, 8.0, 7.0])}

    def runner(name: str):
        def run() -> None:
            order.append(name)
            clock[0] += next(pace[name])

        return run

    assert race({name: runner(name) for name in pace}, seconds=0.0) == {"tortoise": 3.0, "hare": 2.0}
    assert order == ["tortoise", "hare"] * 4
