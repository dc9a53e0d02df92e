"""The programs around a run: evaluate, plot, report, chat, trace; and what they say when something is missing."""

import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from minirl import chat, evaluate, plot, report, trace
from minirl.generate import Completion
from minirl.tasks import Problem, get
from minirl.train import program
from minirl.train.config import PRESETS, EvalConfig, ModelConfig, PretrainConfig, RLStageConfig, SFTConfig
from minirl.train.run import Run
from minirl.train.screen import Screen

CONFIG = replace(
    PRESETS["smoke"],
    model=ModelConfig(vocab_size=300, n_layer=1, n_head=2, d_model=16, d_ff=32, context_length=160),
    pretrain=PretrainConfig(steps=4, warmup=2, batch_tokens=400),
    sft=SFTConfig(demonstrations=16, epochs=1, warmup=1, batch_rows=64),
    rl=RLStageConfig(steps=2, prompts=2, samples=2, warmup=1, max_new_tokens=8),
    evaluation=EvalConfig(
        problems=6, samples=2, dev_problems=2, probes=1, max_new_tokens=8, science_tokens=4
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return program.train(replace(CONFIG, runs=str(tmp_path_factory.mktemp("runs"))), Screen(quiet=True))


def test_a_run_leaves_what_it_promises(run: Run) -> None:
    for name in ("config.json", "tokenizer.json", "metrics.jsonl", "samples.jsonl", "results.json", "report.md"):
        assert (run.folder / name).stat().st_size > 0
    for stage in ("pretrain", "sft", "rl"):
        names = {path.name for path in (run.folder / stage).iterdir()}
        assert names == {
            "config.json", "model.safetensors", "tokenizer.json", "optimizer.safetensors", "state.json", "SHA256SUMS",
        }  # fmt: skip
    stages = [record["stage"] for record in run.records()]
    assert list(dict.fromkeys(stages)) == ["tokenizer", "pretrain", "sft", "rl", "evaluate"]
    for record in run.records(stage="rl"):
        assert {"step", "seconds", "tokens", "reward", "informative", "entropy", "kl_to_start", "answer_tokens",
                "grad_norm", "rollout_seconds", "update_seconds", "learning_rate"} <= record.keys()  # fmt: skip


def test_the_same_prompts_are_answered_after_every_stage(run: Run) -> None:
    said = [(s["stage"], s["question"]) for s in run.records("samples.jsonl", kind="stage")]
    assert said == [(stage, question) for stage in ("pretrain", "sft", "rl") for question in program.EXAMPLES]


def test_no_model_was_tested_on_what_it_was_trained_on(run: Run) -> None:
    """The final table's problems, as evaluate_run draws them, share no key with train and dev."""
    task = get("word_problems")
    seen = {p.key for split in ("train", "dev") for p in task.problems(split, 3000)}
    for split in evaluate.test_splits(task):
        assert not seen & {p.key for p in task.problems(split, 500)}


class TestEvaluate:
    def test_repeats_the_table(self, run: Run) -> None:
        again = evaluate.evaluate_run(
            run, Screen(quiet=True), stages=["pretrain", "sft", "rl"], problems=6, samples=2, seed=run.config.seed
        )
        assert again == run.read_json("results.json")

    def test_program(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert evaluate.main([str(run.folder), "--problems", "3", "--stages", "sft"]) == 0
        printed = capsys.readouterr().out
        for word in ("greedy", "pass@1", "pass@2", "majority@2", "hard (n=3)", "SFT", "science paraphrases"):
            assert word in printed

    def test_unknown_stage(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert evaluate.main([str(run.folder), "--stages", "ppo"]) == 1
        assert "choose from pretrain, sft, rl" in capsys.readouterr().err

    def test_scores_of_known_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Three problems, four samples: 4, 2 and 0 right; votes right, right by majority, wrong."""
        problems = [Problem(f"{n}?", "r", str(n), str(n)) for n in range(3)]
        sampled = [["0"] * 4, ["1", "1", "7", "8"], ["5", "5", "6", ""]]
        greedy = ["0", "9", "2"]

        def fake(model, tokenizer, prompts, *, temperature, samples=1, **rest):  # type: ignore[no-untyped-def]
            texts = greedy if temperature == 0 else [text for row in sampled for text in row]
            nothing = np.zeros(0, np.int32)
            for text in texts:
                yield Completion(nothing, nothing, nothing, f" x\nAnswer: {text}", finished=True)

        monkeypatch.setattr(evaluate, "generate", fake)
        scores = evaluate.evaluate(None, None, get("word_problems"), problems, samples=4, max_new_tokens=9, seed=0)  # type: ignore[arg-type]
        assert scores.greedy.value == pytest.approx(2 / 3)
        assert scores.pass_at_1.value == pytest.approx((1 + 0.5 + 0) / 3)
        assert scores.pass_at_k.value == pytest.approx(2 / 3)
        assert scores.majority_at_k.value == pytest.approx(2 / 3)

    def test_an_answer_that_was_cut_off_is_wrong_and_has_no_vote(self) -> None:
        nothing = np.zeros(0, np.int32)
        cut = Completion(nothing, nothing, nothing, " x\nAnswer: 1", finished=False)
        assert not evaluate.is_right(get("word_problems"), Problem("q", "r", "1", "k"), cut)
        assert evaluate.vote(cut) is None

    def test_equal_numbers_are_one_vote(self) -> None:
        nothing = np.zeros(0, np.int32)
        votes = [
            evaluate.vote(Completion(nothing, nothing, nothing, f" x\nAnswer: {text}", True))
            for text in ("18", "$18.0")
        ]
        assert votes[0] == votes[1]


class TestPlot:
    def test_draws_into_the_run(self, run: Run) -> None:
        assert plot.main([str(run.folder)]) == 0
        names = {path.stem for path in (run.folder / "plots").glob("*.png")}
        assert names == {figure.file for figure in plot.FIGURES}

    def test_seeds_make_a_band(self, run: Run, tmp_path: Path) -> None:
        other = Run(tmp_path / "other", replace(run.config, seed=1, name="other"))
        shutil.copytree(run.folder, other.folder)
        contents = json.loads((other.folder / "config.json").read_text())
        contents["config"] |= {"seed": 1, "name": "other"}
        other.write_json("config.json", contents)
        groups = plot.by_configuration([run, Run.open(other.folder)])
        assert [len(members) for members in groups.values()] == [2]
        assert plot.main([str(run.folder), str(other.folder), "--out", str(tmp_path / "images")]) == 0
        assert (tmp_path / "images" / "reward.png").stat().st_size > 5000

    def test_other_settings_are_another_line(self, run: Run) -> None:
        other = Run(run.folder, replace(run.config, rl=replace(run.config.rl, kl=0.1)))
        assert len(plot.by_configuration([run, other])) == 2

    def test_smoothing_keeps_a_line_and_shrinks_noise(self) -> None:
        line = np.linspace(0, 1, 300)
        np.testing.assert_allclose(plot.smooth(line), line, atol=1e-12)
        noise = np.random.default_rng(0).standard_normal(300)
        assert plot.smooth(noise)[20:-20].std() < 0.5

    def test_no_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert plot.main([str(tmp_path)]) == 1
        assert "there is no run in" in capsys.readouterr().err


def test_report(run: Run) -> None:
    text = report.write_report(run).read_text(encoding="utf-8")
    for image in (run.folder / "plots").glob("*.png"):
        assert f"(plots/{image.name})" in text
    for words in (
        "| hard (n=6) | RL |",
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

    def test_a_question_that_is_too_long(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "why " * 500]) == 1
        assert "context length is 160" in capsys.readouterr().err

    def test_no_such_stage(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert chat.main([str(run.folder), "--stage", "ppo"]) == 1
        assert "choose one of pretrain, sft, rl" in capsys.readouterr().err


class TestTrace:
    def test_walks_the_notes_episode(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "--max-new-tokens", "3"]) == 0
        printed = capsys.readouterr().out
        for words in (program.ROGER[:40], "s_0 = (prompt)", "s_1 = (prompt, ", "a_0 = ", "r_2 = 0", "%"):
            assert words in printed.replace("\n", " ")
        assert "not known" not in printed

    def test_actions_are_those_of_the_states(self, run: Run) -> None:
        agent = trace.Agent(run.model(), run.tokenizer())
        problem = Problem("How many?", "", "3", "k")
        steps = list(trace.episode(agent, problem, 4, 2, np.random.default_rng(0)))
        for before, after in pairwise(steps):
            assert agent.tokenizer.decode([after.state.actions[-1]]) == before.action
        assert all(len(step.choices) == 2 and step.choices[0][1] >= step.choices[1][1] for step in steps)

    def test_without_an_answer_the_reward_is_unknown(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert trace.main([str(run.folder), "What is a star?", "--max-new-tokens", "2"]) == 0
        assert "--answer" in capsys.readouterr().out


@pytest.mark.parametrize("main", [evaluate.main, plot.main, report.main, chat.main, trace.main])
def test_a_folder_without_a_run(main, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert main([str(tmp_path)]) == 1
    assert "python -m minirl.train" in capsys.readouterr().err or "there is runs" in capsys.readouterr().err
