"""The cache of compiled C: old builds go, and those of other processes stay."""

import os
import time
from pathlib import Path

import pytest

from minirl.lessons.c import compiler


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return compiler.cache()


def build(folder: Path, name: str, age: float) -> Path:
    made = folder / name
    made.mkdir()
    then = time.time() - age
    os.utime(made, (then, then))
    return made


def test_the_newest_builds_stay(cache: Path) -> None:
    builds = [build(cache, f"build{age}", age) for age in range(1, 6)]
    compiler.clean(kept=2)
    assert [made.exists() for made in builds] == [True, True, False, False, False]


def test_a_build_of_another_process_stays_until_it_is_a_day_old(cache: Path) -> None:
    going_on, broken_off = build(cache, "building-a", 60), build(cache, "building-b", 2 * 24 * 3600)
    kept = build(cache, "build", 5)
    compiler.clean(kept=1)
    assert going_on.exists() and kept.exists() and not broken_off.exists()


def test_a_folder_that_vanishes_meanwhile_is_nothing_to_stop_at(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(cache, "build", 5)
    listed = [*cache.iterdir(), cache / "building-gone", cache / "gone"]
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(listed))
    compiler.clean(kept=5)
    assert (cache / "build").exists()
