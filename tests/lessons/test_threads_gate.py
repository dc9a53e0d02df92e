"""A gate for several threads must not lock out a learner whose machine can run only one."""

import numpy as np
import pytest

from minirl.lessons import gate
from minirl.lessons.lesson import find_exercise

LESSON, EXERCISE = find_exercise("registers.matmul_threads")


def ruling() -> gate.Ruling:
    """What the gate says about no function at all: a KeyError where it would be timed."""
    speed = LESSON.module("checks").CHECKS[EXERCISE.name].speed
    return gate.judge_speed(LESSON, EXERCISE, {}, speed, np.random.default_rng(0))


def test_one_core_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "available_cores", lambda: 1)
    found = ruling()
    assert found.verdict == "pass"
    assert gate.UNTIMED in found.parts[0][1] and "one processor core" in found.parts[0][1]


def test_a_compiler_without_openmp_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Built:
        with_openmp = staticmethod(lambda: 0)

    monkeypatch.setattr(gate, "available_cores", lambda: 4)
    monkeypatch.setattr(gate, "compile_c", lambda *args, **named: Built)
    assert ruling().verdict == "pass" and "OpenMP" in ruling().parts[0][1]


def test_two_cores_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Built:
        with_openmp = staticmethod(lambda: 1)

    monkeypatch.setattr(gate, "available_cores", lambda: 2)
    monkeypatch.setattr(gate, "compile_c", lambda *args, **named: Built)
    with pytest.raises(KeyError):
        ruling()
