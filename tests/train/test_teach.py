"""Teaching a published chat model: the preset through the program, on a tiny made-up model."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from comparing import assert_same
from test_resume import interrupted_after

from minirl.evaluation import forgetting_of_run
from minirl.evaluation.forgetting import Change, Knowledge
from minirl.evaluation.general import QUESTIONS
from minirl.model import GPT, GPTConfig
from minirl.model.tensor_file import TensorFile
from minirl.runs import PRESETS, Run, Screen
from minirl.tokenizer import Tokenizer
from minirl.train.chain import complete
from minirl.train.loop import Stopped
from minirl.train.own_answers import questions
from minirl.train.program import main as train

TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
SMALL = [
    "--preset", "teach-addition", "--rl.steps", "4", "--rl.prompts", "3", "--rl.samples", "4", "--rl.own-answers", "2",
    "--rl.own-pool", "5", "--rl.own-tokens", "6", "--evaluation.problems", "6", "--evaluation.dev-problems", "4",
    "--evaluation.probes", "2", "--rl.learning-rate", "0.01", "--rl.max-new-tokens", "6",
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny chat model of random weights."""
    pytest.importorskip("jinja2")
    folder = tmp_path_factory.mktemp("model")
    tokenizer = Tokenizer.train(["What is 47 + 85? Answer: 132"] * 3, 270, pattern="gpt4-digits")
    tokenizer.conventions = replace(tokenizer.conventions, chat_template=TEMPLATE)
    config = GPTConfig.llama(
        vocab_size=tokenizer.vocab_size, context_length=256, n_layer=2, n_head=2, d_model=16, d_ff=24,
        tie_embeddings=True,
    )  # fmt: skip
    GPT(config, seed=1, std=0.3).save_pretrained(folder, tokenizer=tokenizer)
    return folder


@pytest.fixture(scope="module")
def taught(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The preset's run, shortened."""
    runs = tmp_path_factory.mktemp("runs")
    place = ["--base-model", str(model), "--runs", str(runs), "--checkpoint-seconds", "0"]
    assert train([*SMALL, *place]) == 0
    return Run.open(runs / "teach-addition")


def test_the_run_has_no_fine_tuning_and_a_report(taught: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert taught.stages == ("pretrain", "rl") and taught.before_rl == "pretrain"
    found = {(entry["stage"], entry["split"]) for entry in taught.results() or []}
    assert found == {(stage, split) for stage in ("pretrain", "rl") for split in ("test", "longer")}
    report = (taught.folder / "report.md").read_text()
    assert "What the model has forgotten" in report and "general questions, of 50" in report
    assert "solves" in report and "aimed at" in report  # a random model does not learn to add
    assert "questions lost" in report and "Paris in chat" in report
    forgetting_of_run.show(taught, Screen())
    said = " ".join(capsys.readouterr().out.split())
    assert "This run failed: it solves 0.0% of the problems of test" in said and "RL step" in said


def test_problems_are_asked_in_chat_after_worked_examples(taught: Run) -> None:
    prompt = taught.ask(taught.task().problems("dev", 1)[0])
    assert [message["role"] for message in prompt] == ["user", "assistant"] * 4 + ["user"]
    assert prompt[1]["content"].startswith("Answer: ")
    assert "assistant: Answer: " in taught.records("samples.jsonl", kind="episode")[0]["prompt"]


def test_the_base_model_stays_and_the_adapters_learn(taught: Run, model: Path) -> None:
    before, after = GPT.from_pretrained(model), taught.model("rl")
    kept = TensorFile(taught.folder / "rl" / "optimizer.safetensors").shapes()
    adapters = [name for name in kept if name.startswith("adapter.")]
    assert len(adapters) == 2 * 2 * 7  # A and B of seven matrices in two blocks
    changed = {name for name, x in after.state_dict().items() if not np.array_equal(x, before.state_dict()[name])}
    assert changed == {
        f"blocks.{layer}.{name}.weight"
        for layer in range(2)
        for name in ("attention.qkv", "attention.projection", "mlp.up", "mlp.projection")
    }


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("extra", [[], ["--lora.rank", "0", "--rl.kl", "0.1", "--recompute"], ["--rl.kl", "0.1"]])
def test_an_interrupted_run_goes_on_with_the_same_bits(
    steps: int, extra: list[str], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ["--base-model", str(model), "--runs", str(tmp_path), "--checkpoint-seconds", "0", *extra]
    assert train([*SMALL, *place]) == 0
    whole = Run.open(tmp_path / "teach-addition")
    with monkeypatch.context() as patch:
        interrupted_after(steps, patch, "stopped")
        assert train([*SMALL, *place]) == 130
    run = Run.open(tmp_path / "teach-addition-2")
    assert run.state("rl")["step"] < 4
    complete(run, Screen(quiet=True))
    assert_same(run, whole)
    names = ("forgetting.json",)
    assert all((run.folder / name).read_bytes() == (whole.folder / name).read_bytes() for name in names)


def test_recomputing_changes_no_bit(model: Path, taught: Run, tmp_path: Path) -> None:
    place = ["--base-model", str(model), "--runs", str(tmp_path), "--checkpoint-seconds", "0", "--recompute"]
    assert train([*SMALL, *place]) == 0
    other = Run.open(tmp_path / "teach-addition")
    for name, x in taught.model("rl").state_dict().items():
        assert np.array_equal(other.model("rl").state_dict()[name], x), name


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--shots", "0", "--form", "few_shot"], "--form few_shot shows worked examples"),
        (["--form", "direct"], "--shots is 4, and --form direct shows none"),
        (["--lora.matrices", "c_attn"], "c_attn, which this model lacks; it has down_proj"),
        (["--rl.own-answers", "9"], "more than --rl.own-pool"),
        (["--rl.rehearsal", "2"], "in the place of demonstrations"),
        (["--shots", "40"], "prompts have up to"),
        (["--last-stage", "sft"], "--sft.epochs is 0"),
        (["--lora.rank", "-1"], "--lora.rank is -1; give 0 or more"),
    ],
)
def test_what_cannot_work_is_refused(
    flags: list[str], message: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train([*SMALL, "--base-model", str(model), "--runs", str(tmp_path / "runs"), *flags]) == 1
    assert message in capsys.readouterr().err and not (tmp_path / "runs").exists()


def test_a_model_without_a_template_cannot_be_asked_in_chat(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(model, tmp_path / "plain")
    (tmp_path / "plain" / "tokenizer_config.json").unlink()
    place = ["--base-model", str(tmp_path / "plain"), "--runs", str(tmp_path / "runs")]
    assert train([*SMALL, *place]) == 1
    assert "there is no chat template" in capsys.readouterr().err
    assert train([*SMALL, *place, "--form", "few_shot"]) == 0


def test_own_questions_are_different_and_none_is_measured() -> None:
    asked = questions(500, 3)
    assert len(asked) == len(set(asked)) > 100
    assert not set(asked) & {question.text for question in QUESTIONS} and len(questions(7, 3)) == 7


def test_limits_of_forgetting() -> None:
    known = (True,) * 30 + (False,) * 20
    before = Knowledge(20.0, "text", known, "The capital of France is Paris.", True)
    assert Change(before, before).broken() == []
    assert Change(before, replace(before, perplexity=20.9, known=(False,) * 3 + (True,) * 47)).broken() == []
    worse = Change(before, Knowledge(21.1, "text", (False,) * 4 + (True,) * 46, "La ville Paris est Paris", False))
    assert [words.split(" ")[0] for words in worse.broken()] == ["perplexity", "4", "asked"]
    assert worse.gained == 20 and worse.lost == 4
    assert json.loads(json.dumps(before.as_json()))["said"] == before.said
    assert Knowledge.from_json(json.loads(json.dumps(before.as_json()))) == before
    assert Change(before, replace(before, perplexity=float("nan"))).broken()  # not a number is no good number
    assert "teach-addition" in PRESETS and Stopped
