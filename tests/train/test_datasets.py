"""Training on a published dataset, through the program's own flags: from the dataset's text to the table."""

import json
import shlex
from pathlib import Path

import pytest

from minirl.data.published import folder
from minirl.runs import Run
from minirl.tasks import get
from minirl.train import program

TINY = shlex.split("""
    --preset smoke --model.vocab-size 300 --model.n-layer 1 --model.n-head 2 --model.d-model 16 --model.d-ff 32
    --model.context-length 320 --pretrain.steps 4 --pretrain.batch-tokens 400 --sft.demonstrations 16 --sft.epochs 1
    --rl.steps 2 --rl.prompts 2 --rl.samples 2 --rl.max-new-tokens 8 --evaluation.problems 4 --evaluation.samples 2
    --evaluation.dev-problems 2 --evaluation.max-new-tokens 8 --evaluation.science-tokens 4
""")


def results_of(runs: Path) -> list[dict]:
    (run,) = runs.iterdir()
    return json.loads((run / "results.json").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("made_up_datasets")
class TestMadeUp:
    @pytest.mark.parametrize("name", ["gsm8k", pytest.param("aqua", marks=pytest.mark.slow)])
    def test_a_run(self, name: str, tmp_path: Path) -> None:
        assert program.main([*TINY, "--task", name, "--runs", str(tmp_path)]) == 0
        table = {(entry["stage"], entry["split"]): entry for entry in results_of(tmp_path)}
        assert [stage for stage, split in table if split == "test"] == ["pretrain", "sft", "rl"]
        assert "unseen" not in {split for _, split in table}
        (run,) = tmp_path.iterdir()
        train = {problem.prompt for problem in get(name).problems("train", get(name).size("train") or 0)}
        episodes = Run.open(run).records("samples.jsonl", kind="episode")
        assert episodes and {episode["prompt"] for episode in episodes} <= train

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (
                ["--evaluation.problems", "61"],
                "--evaluation.problems is 61, but the split test of gsm8k holds 60 problems",
            ),
            (["--evaluation.dev-problems", "100"], "but the split dev of gsm8k holds"),
            (["--sft.demonstrations", "5000"], "--sft.demonstrations is 5000, but the split train"),
            (["--model.context-length", "60"], "but --model.context-length is 60"),
            (["--rl.max-new-tokens", "300"], "answers up to 300 (--rl.max-new-tokens)"),
            (["--pretrain.batch-tokens", "60"], "tokens, but --pretrain.batch-tokens is 60"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, flags: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert program.main([*TINY, "--task", "gsm8k", "--runs", str(tmp_path), *flags]) == 1
        assert message in capsys.readouterr().err
        assert not list(tmp_path.iterdir())


def test_a_dataset_that_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINIRL_DATA_DIR", str(tmp_path / "empty"))
    assert program.main([*TINY, "--task", "gsm8k", "--runs", str(tmp_path / "runs")]) == 1
    assert "python -m minirl.data fetch gsm8k" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.skipif(not (folder() / "gsm8k").is_dir(), reason="GSM8K is not here: python -m minirl.data fetch gsm8k")
def test_gsm8k_from_its_text_to_the_table(tmp_path: Path) -> None:
    """A model this small solves next to nothing of GSM8K, and the table says so, with intervals."""
    flags = shlex.split("""
        --preset smoke --task gsm8k --model.vocab-size 1024 --model.context-length 768 --pretrain.steps 40
        --pretrain.batch-tokens 1024 --sft.demonstrations 64 --rl.max-new-tokens 100 --rl.steps 2
        --evaluation.problems 20 --evaluation.dev-problems 4 --evaluation.max-new-tokens 100
    """)
    assert program.main([*flags, "--runs", str(tmp_path)]) == 0
    tested = [entry for entry in results_of(tmp_path) if entry["split"] == "test"]
    assert [entry["stage"] for entry in tested] == ["pretrain", "sft", "rl"]
    for entry in tested:
        assert entry["problems"] == 20
        for measure in ("greedy", "pass@1", "pass@2", "majority@2"):
            estimate = entry[measure]
            assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
        assert entry["greedy"]["low"] < entry["greedy"]["high"]
    (run,) = tmp_path.iterdir()
    losses = [record["loss"] for record in Run.open(run).records(stage="pretrain") if "loss" in record]
    assert losses[-1] < losses[0] - 0.5  # nats a token
