"""The container for classrooms: what its description names exists, and what it runs makes the folder of lessons."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minirl.lessons.__main__ import COMMANDS
from minirl.lessons.lesson import lessons

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".devcontainer"
DESCRIPTION = json.loads((FOLDER / "devcontainer.json").read_text(encoding="utf-8"))  # strictly JSON: no comments
SCRIPT = (FOLDER / "install").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

# Stands for Python: what pip is asked for is written down, and everything else is done
PYTHON = """#!/bin/sh
if [ "$2" = pip ]; then echo "$@" >>"$ASKED"; else exec {python} "$@"; fi
"""


def test_the_image_is_a_python_that_minirl_supports() -> None:
    image, _, version = DESCRIPTION["image"].rpartition(":")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert image.endswith("/python") and f'Python :: {version.split("-")[0]}"' in project


def test_it_installs_the_course_and_makes_the_folder(tmp_path: Path) -> None:
    tree = tmp_path / "minirl"
    shutil.copytree(FOLDER, tree / ".devcontainer")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    variables = {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "ASKED": str(tmp_path / "asked"),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = DESCRIPTION["postCreateCommand"].split()
    done = subprocess.run(command, cwd=tree, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tree / "minirl-lessons" / "progress.json").is_file()
    for file in DESCRIPTION["customizations"]["codespaces"]["openFiles"]:
        assert (tree / file).is_file(), file

    (asked,) = (tmp_path / "asked").read_text().splitlines()  # pip is asked once
    extras = re.fullmatch(r"-m pip install .*--editable \.\[([\w,]+)\]", asked)
    assert extras is not None
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert set(extras[1].split(",")) == {"lessons", "test"}
    assert all(f"\n{extra} = [" in project for extra in extras[1].split(","))


def test_what_is_shown_on_opening_is_a_command_of_the_course() -> None:
    python, module, program, command, number = DESCRIPTION["postAttachCommand"].split()
    assert (python, module, program) == ("python", "-m", "minirl.lessons")
    assert command in COMMANDS and number == next(iter(lessons()))


def test_nothing_but_pip_uses_the_network() -> None:
    commands = [line for line in SCRIPT.splitlines() if line and not line.startswith("#")]
    assert [line.split()[0] for line in commands] == ["set", "cd", "python", "python"]
    assert DESCRIPTION.keys().isdisjoint({"features", "dockerComposeFile", "build", "onCreateCommand"})
