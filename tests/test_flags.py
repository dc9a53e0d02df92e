"""Flags: what the help says, and that a mistake gets one line that says what to type instead."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tyro

from minirl import flags

ABOUT = "Does things, at some length, so that this line needs more than the eighty columns of a terminal: do RUN"


@dataclass
class Rates:
    """How fast."""

    learning_rate: float = 0.1
    """Step size."""
    warmup: int = 3
    """Steps."""


@dataclass
class Options:
    run: Annotated[Path, tyro.conf.Positional]
    """A folder."""
    rates: Rates
    seed: int | None = None
    """A seed."""
    pair: tuple[str, str] | None = None
    """Two words."""
    stages: tuple[str, ...] = ("one", "two")
    """Some words."""
    kind: Literal["fast", "slow"] = "fast"
    """How."""
    quick: bool = False
    """Or not."""


def parse(*words: str) -> Options:
    return flags.parse(Options, words, "do", f"{ABOUT}\n\n    do runs/roger    # an example\n    do runs/other")


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        parse(*words)
    printed = capsys.readouterr()
    assert stopped.value.code == 2 and not printed.out and printed.err.count("\n") == 1
    return printed.err


def test_values_are_read() -> None:
    found = parse("here", "--pair", "a", "b", "--stages", "x", "--rates.learning-rate", "3", "--quick")
    assert found == Options(Path("here"), Rates(3.0), None, ("a", "b"), ("x",), "fast", True)
    assert parse("here", "--seed", "4", "--stages").seed == 4 and parse("here", "--stages").stages == ()


def test_none_can_be_given_by_name_over_a_default() -> None:
    default = Options(Path("x"), Rates(), seed=5, quick=True)
    assert flags.parse(Options, ["x"], "do", default=default).seed == 5
    changed = flags.parse(Options, ["x", "--seed", "None", "--no-quick"], "do", default=default)
    assert changed.seed is None and not changed.quick


def test_help_fits_the_terminal_and_frightens_nobody(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        parse("--help")
    shown = capsys.readouterr().out
    assert stopped.value.code == 0 and max(map(len, shown.splitlines())) <= 80
    assert " ".join(ABOUT.split()) in " ".join(shown.split())
    assert "\n    do runs/roger    # an example\n    do runs/other\n" in shown
    for word in ("None", "default: )", "[[", "{", "no-quick", "│"):
        assert word not in shown.replace("{fast,slow}", "")
    for line in ("RUN", "--seed INT", "--pair STR STR", "--stages STR ...", "--quick", "(default: 0.1)", "(required)"):
        assert line in shown


def test_the_command_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        flags.parse(Rates, ["--help"], "python -m minirl.rate", "Rates things: python -m minirl.rate RUN")
    shown = capsys.readouterr().out
    assert shown.startswith("usage: python -m minirl.rate [-h] ") and "\nRates things.\n" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x", "--sed", "3"], "do: there is no --sed; did you mean --seed? All flags: do --help"),
        (["x", "--rates.lr", "3"], "there is no --rates.lr; did you mean --rates.learning-rate?"),
        (["x", "--learning_rate=3"], "there is no --learning_rate; did you mean --rates.learning-rate?"),
        (["x", "--zzzzzz", "3"], "there is no --zzzzzz. All flags"),
        (["x", "--seed", "three"], "--seed takes a whole number, not 'three'"),
        (["x", "--rates.learning-rate", "big"], "--rates.learning-rate takes a number, not 'big'"),
        (["x", "--pair", "a"], "--pair needs 2 values"),
        (["x", "--kind", "odd"], "--kind cannot be 'odd'; choose one of 'fast', 'slow'"),
        (["x", "y"], "nothing is known about y"),
        ([], "something is missing: RUN A folder"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in refusal(capsys, *words)


class TestCommand:
    @staticmethod
    def add(a: int, b: int = 1) -> int:
        """Add two numbers.

        Args:
            a: the first.
            b: the second.
        """
        print("adding")
        return a + b

    @staticmethod
    def other() -> None:
        """Do nothing."""

    def test_the_function_runs_when_it_is_called(self, capsys: pytest.CaptureFixture[str]) -> None:
        chosen = flags.command({"add": self.add, "other": self.other}, ["add", "--a", "3"], "sums")
        assert capsys.readouterr().out == ""
        assert chosen() == 4 and capsys.readouterr().out == "adding\n"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ([], "say what to do: add, other"),
            (["ad"], "nothing is known about ad; did you mean add? All flags"),
            (["zzz"], "nothing is known about zzz; choose one of add, other"),
            (["add", "--a", "1", "--bb", "3"], "there is no --bb; did you mean --b"),
        ],
    )
    def test_a_mistake_is_one_line(self, words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as stopped:
            flags.command({"add": self.add, "other": self.other}, words, "sums")
        error = capsys.readouterr().err
        assert stopped.value.code == 2 and message in error and error.count("\n") == 1

    def test_the_help_of_a_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            flags.command({"add": self.add, "other": self.other}, ["add", "--help"], "sums")
        assert "Add two numbers." in (shown := capsys.readouterr().out) and "the second. (default: 1)" in shown


def test_a_bad_environment_variable_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> None:
        raise ValueError("MINIRL_ISA=avx3: there is no such instruction set. Change or unset MINIRL_ISA.")

    monkeypatch.setattr(flags.kernels, "check_environment", check, raising=False)
    assert refusal(capsys, "here") == (
        "do: MINIRL_ISA=avx3: there is no such instruction set. Change or unset MINIRL_ISA.\n"
    )
    assert flags.parse(Rates, [], "do", check_environment=False) == Rates()
