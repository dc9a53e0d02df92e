"""A model's folder in the place of a run: chat, evaluate, trace, zoo and training take it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minirl import chat, evaluate, trace, zoo
from minirl.evaluation.model import open_model
from minirl.generate import encode_prompt
from minirl.model import GPT, gguf_model
from minirl.runs import ModelFolder, Run, open_run
from minirl.tasks import ROGER
from minirl.tokenizer import Tokenizer
from minirl.tokenizer.gguf_vocabulary import settings
from minirl.train.program import main as train

TEMPLATE = "{% for m in messages %}Q: {{ m.content }}\n{% endfor %}Reasoning:"


@pytest.fixture
def places(run: Run, tmp_path: Path) -> Path:
    """A run, its model taken out of it, the same with a chat template, and as a GGUF file."""
    pytest.importorskip("jinja2")
    shutil.copytree(run.folder, tmp_path / "runs" / "roger")
    shutil.copytree(run.folder / "rl", tmp_path / "model")
    tokenizer, model = Tokenizer.load(tmp_path / "model"), GPT.from_pretrained(tmp_path / "model")
    tokenizer.conventions = replace(tokenizer.conventions, chat_template=TEMPLATE)
    model.save_pretrained(tmp_path / "chat", tokenizer=tokenizer)
    gguf_model.save(model.config, model.state_dict(), tmp_path / "model.gguf", "F32", settings(tokenizer))
    return tmp_path


PLACES = ["runs/roger/rl", "model", "chat", "model.gguf"]


@pytest.mark.parametrize("place", PLACES)
def test_it_is_the_same_model(place: str, places: Path, run: Run) -> None:
    found = open_run(places / place)
    ids = np.arange(8, dtype=np.int32)[None]
    np.testing.assert_allclose(found.model()(ids).data, run.model("rl")(ids).data, atol=1e-6)
    assert found.tokenizer().encode("Roger has 5") == run.tokenizer().encode("Roger has 5")
    assert found.tokenizer().conventions.ends == run.tokenizer().conventions.ends
    assert found.last_stage() == ("rl" if place == "runs/roger/rl" else "model")


def test_which_place_is_what(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(open_run(places / "runs" / "roger")) is Run
    monkeypatch.chdir(places / "runs" / "roger" / "rl")
    stage = open_run(".")
    assert stage.folder.resolve() == places / "runs" / "roger" and stage.state("sft") is None
    assert isinstance(open_run(places / "model"), ModelFolder)
    with pytest.raises(FileNotFoundError, match="there is no run in"):
        open_run(places / "runs")
    with pytest.raises(ValueError, match="has no stage 'sft'"):
        open_run(places / "model").model("sft")
    (places / "model" / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        open_run(places / "model")


@pytest.mark.parametrize("place", PLACES)
def test_chat_asks_it(place: str, places: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The same greedy answer as from the run: the chat template of this test writes minirl's own form."""
    assert chat.main([str(run.folder), "How many?"]) == 0
    expected = capsys.readouterr().out.removeprefix("Reasoning:")
    assert chat.main([str(places / place), "How many?"]) == 0
    assert capsys.readouterr().out.removeprefix("Reasoning:") == expected


def test_forms_of_chat(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert chat.main([str(places / "model"), "Roger", "--form", "text"]) == 0
    assert capsys.readouterr().out.startswith("Roger")
    assert chat.main([str(places / "model"), "Roger", "--form", "chat"]) == 1
    assert "has no chat template" in capsys.readouterr().err
    assert chat.main([str(places / "chat"), "Roger", "--samples", "2", "--temperature", "1"]) == 0
    assert chat.main([str(places / "model"), "Roger", "--stage", "sft"]) == 1
    assert "has no stage 'sft'" in capsys.readouterr().err


@pytest.mark.parametrize("place", PLACES)
def test_evaluate_measures_it(place: str, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = places / "report.json"
    words = ["--task", "arithmetic", "--limit", "3", "--samples", "2", "--max-new-tokens", "4", "--json", str(report)]
    for _ in range(2):  # the second time from the kept answers
        assert evaluate.main([str(places / place), *words]) == 0, capsys.readouterr().err
    found = json.loads(report.read_text())["results"]
    assert {one["stage"] for one in found} == {"rl" if place == "runs/roger/rl" else "model"}
    assert "reading 3 answers" in capsys.readouterr().out


def test_evaluate_compares_a_run_with_a_model(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = str(places / "runs" / "roger"), str(places / "model")
    assert str(open_model(second)).endswith("model:model")
    words = ["--task", "arithmetic", "--limit", "2", "--samples", "1", "--max-new-tokens", "2"]
    assert evaluate.main(["--compare", f"{first}:rl", second, *words]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("place", PLACES)
def test_trace_and_zoo_take_it(place: str, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.main([str(places / place), "roger", "--samples", "2", "--max-new-tokens", "3"]) == 0
    assert "s_0" in capsys.readouterr().out
    words = ["--problems", "2", "--samples", "2", "--png", str(places / "zoo.png")]
    stages = ["--stages", "rl"] if place == "runs/roger/rl" else []
    assert zoo.main([str(places / place), *words, *stages]) == 0, capsys.readouterr().err


def test_a_conversation_is_asked_as_the_template_says(places: Path) -> None:
    found = open_run(places / "chat")
    prompt = encode_prompt(found.tokenizer(), found.ask(ROGER))
    assert found.form == "chat" and found.tokenizer().decode(prompt).startswith(f"Q: {ROGER.question}\nThink step")
    assert open_run(places / "model").ask(ROGER) == ROGER.prompt


def test_training_begins_with_it(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--preset", "smoke", "--runs", str(places / "new"), "--sft.demonstrations", "8", "--sft.epochs", "1",
        "--rl.steps", "1", "--rl.prompts", "2", "--rl.samples", "2", "--rl.max-new-tokens", "4",
        "--evaluation.problems", "2", "--evaluation.samples", "1", "--evaluation.dev-problems", "2",
        "--evaluation.max-new-tokens", "4", "--evaluation.science-tokens", "2",
    ]  # fmt: skip
    assert train(["--base-model", str(places / "chat"), *words]) == 0, capsys.readouterr().err
    [folder] = (places / "new").iterdir()
    made, given = Run.open(folder), GPT.from_pretrained(places / "chat")
    for name, parameter in made.model("pretrain").named_parameters():
        np.testing.assert_array_equal(parameter.data, given.state_dict()[name])
    assert any((p.data != given.state_dict()[name]).any() for name, p in made.model("rl").named_parameters())
    assert made.tokenizer().conventions == Tokenizer.load(places / "chat").conventions
    assert Tokenizer.load(folder / "rl").conventions == made.tokenizer().conventions
    assert made.results() and made.config.model.d_model == given.config.d_model
    assert train(["--resume", str(folder)]) == 0  # a finished run stays as it is
    shutil.rmtree(folder / "pretrain")
    shutil.rmtree(folder / "previous", ignore_errors=True)
    (folder / "results.json").unlink()
    capsys.readouterr()
    assert train(["--resume", str(folder)]) == 1
    assert "is lost" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--last-stage", "pretrain"], "leaves nothing to do"),
        (["--base", "x"], "give one of the two"),
    ],
)
def test_what_cannot_begin_with_a_model(flags, message, places: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert train(["--base-model", str(places / "model"), "--runs", str(places / "new"), *flags]) == 1
    assert message in capsys.readouterr().err and not (places / "new").exists()
