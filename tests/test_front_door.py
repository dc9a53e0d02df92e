"""`import minirl`, and the command `minirl`: both quick, and both show what there is."""

import subprocess
import sys

import pytest

import minirl
from minirl.__main__ import main, programs

LOADED = (
    "import sys, minirl; print(*(name for name in ('numpy', 'minirl.kernels', 'minirl.runs') if name in sys.modules))"
)


def test_importing_minirl_loads_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", minirl.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(minirl, name) is not None and name in dir(minirl)


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Tensr'; it offers AdamW, GPT"):
        minirl.Tensr  # noqa: B018


def test_programs_that_share_a_name_with_a_package_stay_packages() -> None:
    from minirl.generate import generate
    from minirl.train import train

    assert callable(generate) and callable(train) and not callable(minirl.train) and not callable(minirl.generate)


class TestCommand:
    @pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
    def test_it_lists_the_programs(self, words: list[str], monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
        monkeypatch.setenv("COLUMNS", "80")
        assert main(words) == 0
        shown = capsys.readouterr().out
        assert max(map(len, shown.splitlines())) <= 85
        for name in ("train", "chat", "evaluate", "tokenizer", "doctor", "bugs"):
            assert f"\n  {name} " in shown

    def test_each_program_has_a_summary_of_its_own(self) -> None:
        summaries = programs()
        assert "kernels" not in summaries and "__main__" not in summaries
        for name, text in summaries.items():
            assert 20 < len(text) <= 100 and "python -m" not in text, (name, text)

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == f"minirl {minirl.__version__}\n"

    def test_an_unknown_program_gets_a_suggestion(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["trian"]) == 2
        error = capsys.readouterr().err
        assert "there is no program 'trian'; did you mean train" in error and error.count("\n") == 1

    @pytest.mark.parametrize(
        ("words", "status", "message"),
        [
            (["data", "list"], 0, "gsm8k"),
            (["chat", "nowhere"], 1, "there is no run in nowhere"),
            (["tokenizer", "inspect", "x", "--tokenizer", "none.json"], 1, "there is no none.json"),
            (["bugs", "--sed", "3"], 2, "there is no --sed; did you mean --seed?"),
        ],
    )
    def test_it_runs_a_program_and_returns_its_status(self, words: list[str], status: int, message: str) -> None:
        done = subprocess.run([sys.executable, "-m", "minirl", *words], capture_output=True, text=True)
        assert done.returncode == status and message in done.stdout + done.stderr, done
        assert "Traceback" not in done.stderr

    def test_a_reader_that_has_seen_enough_is_no_error(self) -> None:
        command = f"{sys.executable} -m minirl data list | true"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
        assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
