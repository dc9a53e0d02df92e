"""Every command that the README, the handbook and the course show is one that its program understands."""

import contextlib
import importlib
import importlib.util
import io
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from minirl import flags

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "lessons" / "README.md"]
WITHOUT_FLAGS = {"minirl.bugs.recorded", "minirl.controls.seeds"}


class Command(NamedTuple):
    program: str
    arguments: str
    inline: bool
    """Within a sentence, as `code`: there a page may name the program, and leave out what it needs."""


class Understood(BaseException):
    """Ends a program after it has read its flags. No program catches it by accident."""


def commands(text: str) -> list[Command]:
    """The commands of a page. A line that ends in \\ goes on in the next."""
    shown = re.compile(r"(`?)python -m (minirl[\w.]*)([^\n`|;&>]*)")
    return [
        Command(program, re.sub(r"(^|\s)#.*", "", arguments).strip(), bool(tick))
        for tick, program, arguments in shown.findall(re.sub(r"\\\n\s*", " ", text))
    ]


def complaint(command: Command) -> str:
    """What the program says against the arguments; nothing if it understands them. It does nothing else."""
    if command.program in WITHOUT_FLAGS:
        return command.arguments and "it has no flags"
    package = importlib.util.find_spec(command.program)
    if package is None:
        return "there is no such program"
    within = "" if package.submodule_search_locations is None else ".__main__"
    arguments = re.sub(r"--(base|resume|base-stage)\s+\S+", "", command.arguments)  # it would look for that run
    arguments = re.sub(r"\bN\b", "0", arguments)  # any number
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            importlib.import_module(command.program + within).main(shlex.split(arguments))
    except Understood:
        return ""
    except SystemExit:
        unfinished = re.search("something is missing|say what to do", said.getvalue())
        return "" if command.inline and unfinished else said.getvalue()
    raise AssertionError(f"{command} did not read its flags by minirl.flags, so this test cannot judge it")


@pytest.fixture
def only_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    read = flags._run

    def stop_after(*arguments: object) -> None:
        read(*arguments)
        raise Understood

    monkeypatch.setattr(flags, "_run", stop_after)


SHOWN = {page.relative_to(ROOT).as_posix(): sorted(set(commands(page.read_text(encoding="utf-8")))) for page in PAGES}


@pytest.mark.parametrize("page", [page for page, shown in SHOWN.items() if shown])
@pytest.mark.usefixtures("only_flags")
def test_every_command_of_a_page_is_understood(page: str):
    assert [(command, said) for command in SHOWN[page] if (said := complaint(command))] == []


@pytest.mark.usefixtures("only_flags")
def test_a_command_that_is_wrong_is_found():
    page = "```bash\npython -m minirl.train --preset smoke \\\n    --sede 3   # why\n```\nor `python -m minirl.report`."
    wrong, named = commands(page)
    assert wrong == ("minirl.train", "--preset smoke  --sede 3", False) and named == ("minirl.report", "", True)
    assert "did you mean --seed" in complaint(wrong)
    assert not complaint(named) and complaint(named._replace(inline=False))
    assert not complaint(Command("minirl.train", "--preset smoke --seed 3", False))
    assert complaint(Command("minirl.trains", "", False))
