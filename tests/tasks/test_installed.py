"""The science questions travel with the package: a wheel in an empty folder finds them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_an_installed_wheel_finds_its_questions(tmp_path: Path) -> None:
    tree, site, empty = tmp_path / "tree", tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    tree.mkdir()
    for name in ("minirl", "csrc"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md"):
        shutil.copy(ROOT / name, tree)
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    no_compiler = {name: value for name, value in os.environ.items() if not name.startswith("MINIRL_")}
    no_compiler["CC"] = "/nonexistent/cc"  # compiling would only take longer
    build = [sys.executable, "-m", "pip", "install", *flags, str(tree)]
    done = subprocess.run(build, cwd=empty, env=no_compiler, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    code = "import minirl; from minirl import tasks; print(minirl.__file__, tasks.get('science').sizes['train'])"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=empty, env={"PYTHONPATH": str(site)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    where, questions = done.stdout.split()
    assert Path(where).is_relative_to(site) and int(questions) >= 300
