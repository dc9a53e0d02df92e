"""The programs around a run: evaluate, plot, report, chat, trace; and what they say when something is missing."""

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minirl import chat, evaluate, plot, report, trace
from minirl.model import GPT
from minirl.runs import Run, curves
from minirl.train import chain


def test_a_run_leaves_what_it_promises(run: Run) -> None:
    names = ("config.json", "tokenizer.json", "metrics.jsonl", "samples.jsonl", "results.json")
    for name in (*names, "report.md", "report.html"):
        assert (run.folder / name).stat().st_size > 0
    for stage in ("pretrain", "sft", "rl"):
        names = {path.name for path in (run.folder / stage).iterdir()}
        assert names == {
            "config.json", "model.safetensors", "tokenizer.json", "optimizer.safetensors", "state.json", "SHA256SUMS",
            "tokenizer_config.json", "generation_config.json",
        }  # fmt: skip
    stages = [record["stage"] for record in run.records()]
    assert list(dict.fromkeys(stages)) == ["tokenizer", "pretrain", "sft", "rl", "evaluate"]
    for record in run.records(stage="rl"):
        assert {"step", "seconds", "tokens", "reward", "informative", "entropy", "kl_to_start", "answer_tokens",
                "grad_norm", "rollout_seconds", "update_seconds", "learning_rate"} <= record.keys()  # fmt: skip


def test_the_same_prompts_are_answered_after_every_stage(run: Run) -> None:
    said = [(s["stage"], s["question"]) for s in run.records("samples.jsonl", kind="stage")]
    assert said == [(stage, question) for stage in ("pretrain", "sft", "rl") for question in chain.EXAMPLES.values()]


class TestPlot:
    def test_draws_into_the_run(self, run: Run) -> None:
        assert plot.main([str(run.folder)]) == 0
        names = {path.stem for path in (run.folder / "plots").glob("*.png")}
        assert names == set(curves.NAMES) - {"value", "reward_model", "paid", "valid"}  # of PPO, of other rewards

    def test_seeds_make_a_band(self, run: Run, tmp_path: Path) -> None:
        other = Run(tmp_path / "other", replace(run.config, seed=1, name="other"))
        shutil.copytree(run.folder, other.folder)
        contents = json.loads((other.folder / "config.json").read_text())
        contents["config"] |= {"seed": 1, "name": "other"}
        other.write_json("config.json", contents)
        groups = curves.by_configuration([run, Run.open(other.folder)])
        assert [len(members) for members in groups.values()] == [2]
        assert plot.main([str(run.folder), str(other.folder), "--out", str(tmp_path / "images")]) == 0
        assert (tmp_path / "images" / "reward.png").stat().st_size > 5000

    def test_other_settings_are_another_line(self, run: Run) -> None:
        other = Run(run.folder.with_name("other"), replace(run.config, rl=replace(run.config.rl, kl=0.1)))
        assert len(curves.by_configuration([run, other])) == 2

    def test_smoothing_keeps_a_line_and_shrinks_noise(self) -> None:
        line = np.linspace(0, 1, 300)
        np.testing.assert_allclose(curves.smooth(line)[6:-6], line[6:-6], atol=1e-12)  # at the ends the window is cut
        noise = np.random.default_rng(0).standard_normal(300)
        assert curves.smooth(noise)[20:-20].std() < 0.5

    def test_no_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert plot.main([str(tmp_path)]) == 1
        assert "there is no run in" in capsys.readouterr().err


def test_report(run: Run) -> None:
    text = report.write_report(run).read_text(encoding="utf-8")
    for image in (run.folder / "plots").glob("*.png"):
        assert f"(plots/{image.name})" in text
    for words in (
        "| unseen (n=6) | RL |",
        "Roger has 5 tennis balls",
        "Milky Way",
        '"seed": 0',
        "numpy",
        "| rl |",
        "reward",
    ):
        assert words in text


class TestChat:
    def test_answers_one_question(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "What is the Milky Way?"]) == 0
        assert capsys.readouterr().out.startswith("Reasoning:")

    def test_asks_until_an_empty_line(self, run: Run, capsys, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
        typed = iter(["One?", "Two?", ""])
        monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
        assert chat.main([str(run.folder), "--stage", "sft", "--temperature", "1"]) == 0
        assert capsys.readouterr().out.count("Reasoning:") == 2

    def test_questions_from_a_pipe_are_shown_with_their_answers(self, run: Run, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        monkeypatch.setattr("sys.stdin", io.StringIO("One?\nTwo?\n"))
        assert chat.main([str(run.folder)]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("Q: One?\nReasoning:") and "Q: Two?\nReasoning:" in shown and shown.count("Q:") == 2

    @pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
    def test_holds_the_weights_in_the_dtype_asked_for(self, run: Run, dtype: str, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        seen = []
        monkeypatch.setattr(GPT, "to", lambda model, dtype: seen.append(dtype) or model)
        assert chat.main([str(run.folder), "Why?", "--dtype", dtype]) == 0
        assert seen[-1] == dtype  # the run loads it in float32 first

    def test_a_question_that_is_too_long(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "why " * 500]) == 1
        assert "more than the model's context length, 256" in capsys.readouterr().err

    @pytest.mark.parametrize("temperature", ["-1", "nan", "inf"])
    def test_a_temperature_below_0(self, temperature: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "Why?", "--temperature", temperature]) == 1
        assert capsys.readouterr() == ("", f"--temperature is {temperature}; give 0 or more\n")

    @pytest.mark.parametrize(
        ("words", "shown"),
        [
            ("--beam 2", "Reasoning:"),
            ("--beam 2 --judge arithmetic --temperature 1", "Reasoning:"),
            ("--samples 3 --temperature 1 --choose arithmetic", "of 3 samples"),
            ("--samples 3 --temperature 1:0.5/4 --sure 0.9 --choose likeliest", "of 3 samples"),
            ("--temperature 1.5:0.3/20/exp --min-p 0.1 --no-repeat-ngram 3", "Reasoning:"),
        ],
    )
    def test_other_decoding(self, words: str, shown: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "Why?", *words.split()]) == 0
        assert shown in capsys.readouterr().out

    def test_a_beam_of_one_answers_as_greedy_decoding(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        said = []
        for words in ([], ["--beam", "1", "--alpha", "0"]):
            assert chat.main([str(run.folder), "Why?", *words]) == 0
            said.append(capsys.readouterr().out)
        assert said[0] == said[1]

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            ("--beam 2 --samples 3", "give one of the two"),
            ("--judge arithmetic", "say how many with --beam 4"),
            ("--beam 2 --judge arithmetic", "at temperature 0 all samples are the same"),
            ("--samples 3", "at temperature 0 all samples are the same"),
            ("--samples 0", "--samples is 0; give 1 or more"),
            ("--sure 0.2", "--sure is 0.2; give more than 0.5"),
            ("--temperature warm", "--temperature is 'warm'; give a number, or a schedule"),
            ("--temperature 1:0.5/0", "--temperature: Schedule: tokens is 0"),
            ("--beam -1", "width is -1; expected 1 or more"),
            ("--min-p 2", "min_p is 2.0"),
        ],
    )
    def test_decoding_that_cannot_be(
        self, words: str, problem: str, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert chat.main([str(run.folder), "Why?", *words.split()]) == 1
        printed, said = capsys.readouterr()
        assert not printed and problem in said and said.count("\n") == 1

    def test_codes_of_terminals_are_shown_and_not_obeyed(self, run: Run, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        """In what the model writes, in a question from a pipe, and in an error."""
        monkeypatch.setattr(chat, "answer", lambda *rest: iter(["\x1b[2J", "\x1b", "]0;x\x07", " é🎾\u202e", "\n\t1"]))
        monkeypatch.setattr("sys.stdin", io.StringIO("One\x1b[31m?\n"))
        assert chat.main([str(run.folder)]) == 0
        shown = capsys.readouterr().out
        assert shown == "Q: One\\x1b[31m?\nReasoning:\\x1b[2J\\x1b]0;x\\x07 é🎾\\u202e\n\t1\n\n"
        assert chat.main(["nowhere\x1b[31m"]) == 1
        assert "\x1b" not in capsys.readouterr().err

    @pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
    def test_terminals_of_other_encodings(self, run: Run, encoding: str) -> None:
        """An untrained model writes any bytes; the questions are in yet another encoding."""
        done = subprocess.run(
            [sys.executable, "-m", "minirl.chat", str(run.folder), "--temperature", "1.5"], capture_output=True,
            input="Wer hat 🎾?\nWarum?\n".encode() + b"\xff\xfe?\n", env={**os.environ, "PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"Reasoning:") == 3 and done.stdout.decode(encoding) and b"\x1b" not in done.stdout

    @pytest.mark.parametrize("command", ["minirl.chat {} Why?", "minirl chat {} Why?", "minirl.data list", "minirl"])
    def test_a_reader_that_leaves(self, run: Run, command: str) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        words = command.format(run.folder).split()
        done = subprocess.run([sys.executable, "-m", *words], stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        assert (done.returncode, done.stderr) == (1, b"")

    def test_no_such_stage(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "--stage", "ppo"]) == 1
        assert "choose one of pretrain, sft, rl" in capsys.readouterr().err


@pytest.mark.parametrize("main", [evaluate.main, plot.main, report.main, chat.main, trace.main])
def test_a_folder_without_a_run(main, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Says how a run is made or, where there are some, which."""
    monkeypatch.chdir(tmp_path)
    assert main(["nowhere"]) == 1
    assert "`python -m minirl.train` makes one" in capsys.readouterr().err
    Path("runs", "roger").mkdir(parents=True)
    Path("runs", "roger", "config.json").write_text('{"config": {}}')
    assert main(["nowhere"]) == 1
    assert f"there is {Path('runs', 'roger')}" in capsys.readouterr().err
