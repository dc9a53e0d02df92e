"""Files that ship outside the package are found: in a checkout, and where a build put them.

tests/test_install.py asks the same of real installations.
"""

import importlib
from pathlib import Path

import pytest

from minirl.storage import shipped

NAME = "data/science/questions.jsonl"
module = importlib.import_module("minirl.storage.shipped")  # the package shows the function under the module's name


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed package, beside which another project left a folder `data`."""
    write(tmp_path / NAME, "another project's")
    write(tmp_path / "minirl" / "_shipped" / NAME, "shipped")
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "minirl")
    return tmp_path / "minirl"


def test_the_questions_and_the_lessons_are_found() -> None:
    assert shipped(NAME).read_text(encoding="utf-8").startswith('{"topic": ')
    assert shipped("data/README.md").is_file()
    assert shipped("lessons").is_dir() and shipped("lessons/README.md").is_file()
    assert shipped("docs/glossary.md").is_file()


def test_an_installed_package_has_its_own(installed: Path) -> None:
    assert shipped(NAME) == installed / "_shipped" / NAME


def test_a_checkout_has_its_own_whatever_a_build_left_behind(installed: Path) -> None:
    write(installed.parent / "csrc" / "minirl.h", "")
    assert shipped(NAME).read_text() == "another project's"
    (installed.parent / NAME).unlink()
    with pytest.raises(FileNotFoundError, match=f"`git checkout -- {NAME}` brings it back"):
        shipped(NAME)


def test_a_missing_file_is_named_with_what_to_do(installed: Path) -> None:
    (installed / "_shipped" / NAME).unlink()
    with pytest.raises(FileNotFoundError, match=f"{NAME} ships with minirl, but .* is missing: install minirl again"):
        shipped(NAME)


@pytest.mark.parametrize("name", ["", "tests/conftest.py", "/etc/passwd", "data/../setup.py", "database"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(
        ValueError, match=f"{name!r} is not a shipped file: give a path that begins with csrc, data, docs or lessons"
    ):
        shipped(name)
