"""lesson.toml is read as Python's own reader of TOML reads it."""

import sys
from pathlib import Path

import pytest

from minirl.lessons.lesson import lessons
from minirl.lessons.settings import SettingsError, read_settings


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no reader of TOML")
@pytest.mark.parametrize("number", lessons())
def test_every_lesson_is_read_as_toml(number: str) -> None:
    import tomllib

    path = lessons()[number].folder / "lesson.toml"
    assert read_settings(path) == tomllib.loads(path.read_text(encoding="utf-8"))


def test_tables_lists_and_long_texts(tmp_path: Path) -> None:
    path = tmp_path / "lesson.toml"
    lines = ["a = 1", "# note", "b = [", '  "x",', '  "y", # both', "]", "[t]", "c = true"]
    lines += ["[[e]]", 'd = """', "long", '"text" """', "[[e]]", 'd = "2"', ""]
    path.write_text("\n".join(lines))
    assert read_settings(path) == {"a": 1, "b": ["x", "y"], "t": {"c": True}, "e": [{"d": 'long\n"text" '}, {"d": "2"}]}


@pytest.mark.parametrize(
    "text, words", [("a = [1\n", "does not end"), ("what\n", "neither"), ("a = b\n", "cannot be read")]
)
def test_an_error_names_the_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "lesson.toml"
    path.write_text("x = 1\n" + text)
    with pytest.raises(SettingsError, match=f"line 2.*{words}"):
        read_settings(path)
