"""A run whose model calls a tool: it is trained, resumed, evaluated and looked at with the tool."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from comparing import assert_same

from minirl import chat, evaluate
from minirl.runs import (
    PRESETS,
    EvalConfig,
    ModelConfig,
    PretrainConfig,
    RLStageConfig,
    Run,
    Screen,
    SFTConfig,
    TrainConfig,
    from_json,
    to_json,
)
from minirl.train import branch, chain, check, loop, pretrain, program
from minirl.train.check import ConfigError

SMALL = replace(
    PRESETS["calculator"],
    name="small",
    model=ModelConfig(300, "gpt4-digits", context_length=320, n_layer=1, n_head=2, d_model=32, d_ff=64),
    pretrain=PretrainConfig(steps=8, learning_rate=1e-2, warmup=2, batch_tokens=500),
    sft=SFTConfig(demonstrations=8, epochs=100, learning_rate=1.5e-2, warmup=2, batch_rows=8, rehearsal_texts=0),
    rl=RLStageConfig(
        steps=3, learning_rate=1e-4, prompts=8, samples=2, warmup=1, max_new_tokens=48, rehearsal=8,
        rehearsal_texts=2, temperature=0.3, kl=0.1,
    ),
    evaluation=EvalConfig(problems=6, samples=2, dev_problems=4, probes=1, max_new_tokens=48),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def fewer_documents() -> Iterator[None]:
    """As many as so few updates read, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "TOKENIZER_DOCUMENTS", 300)
        patch.setattr(pretrain, "CHUNK", 100)
        patch.setattr(check, "DOCUMENTS_LOOKED_AT", 100)
        yield


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that nothing interrupted. Its model knows a few demonstrations by heart, and so it calls."""
    return chain.train(replace(SMALL, runs=str(tmp_path_factory.mktemp("called"))), Screen(quiet=True))


def test_the_model_calls_its_tool_in_every_stage_that_knows_it(called: Run) -> None:
    episodes = called.records("samples.jsonl", kind="episode")
    assert any("[calculator " in episode["completion"] and " → " in episode["completion"] for episode in episodes)
    said = called.records("samples.jsonl", kind="stage", stage="sft")
    assert any("[calculator " in answer["completion"] for answer in said)
    assert any(record["kl_to_start"] > 0 for record in called.records(stage="rl"))


def test_resumed_after_a_kill_it_ends_with_the_same_bits(
    called: Run, tmp_path: Path, quiet: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(replace(SMALL, checkpoint_seconds=0.0, runs=str(tmp_path)))
    original = loop.Run.append

    def append(self: Run, name: str, record: dict) -> None:
        original(self, name, record)
        if record.get("stage") == "rl" and record.get("step") == 2:
            raise MemoryError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "append", append)
        with pytest.raises(MemoryError):
            chain.complete(run, quiet)
    chain.complete(Run.open(run.folder), quiet)
    assert_same(run, called)


def test_the_programs_know_its_tools_without_a_flag(called: Run, capsys: pytest.CaptureFixture[str]) -> None:
    question = called.records("samples.jsonl", kind="stage", stage="sft")[0]["question"]
    assert chat.main([str(called.folder), question, "--stage", "sft"]) == 0
    assert "[calculator " in capsys.readouterr().out
    trace = called.trace(question, "1", stage="sft", temperature=0.0, max_new_tokens=48, samples=1)
    assert any(moment.kind == "result" for moment in trace.moments)
    assert evaluate.main([str(called.folder), "--faults", "--split", "unseen", "--stages", "sft"]) == 0
    assert "unseen (n=6)" in capsys.readouterr().out
    for tools in ([], ["calculator:shuffled"]):
        assert evaluate.main([str(called.folder), "--split", "unseen", "--stages", "sft", "--tools", *tools]) == 0


def test_tools_are_a_setting(tmp_path: Path) -> None:
    """None: those of the task; an empty list: none. They stay what they are in config.json."""
    assert program.parse(["--preset", "calculator"]).tools is None
    assert program.parse(["--preset", "calculator", "--tools"]).tools == ()
    assert program.parse(["--preset", "calculator", "--tools", "calculator"]).tools == ("calculator",)
    for tools, expected in ((None, ("calculator",)), ((), ()), (("calculator",), ("calculator",))):
        config = replace(SMALL, tools=tools, runs=str(tmp_path))
        assert from_json(TrainConfig, json.loads(json.dumps(to_json(config)))) == config
        assert Run.open(Run.create(config).folder).task().tools == expected


def test_a_tool_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    for name in ("abacus", "calculator:shuffled"):
        with pytest.raises(ConfigError, match=f"--tools: no tool .* {name!r}; there are calculator"):
            check.check(replace(SMALL, tools=(name,), runs=str(tmp_path)))


def test_a_branch_has_the_tools_that_its_base_read_of(called: Run) -> None:
    branch.check_same(called, "pretrain", replace(called.config, name="other"))
    with pytest.raises(ConfigError, match=r"--tools is \(\), but .* was trained with None"):
        branch.check_same(called, "pretrain", replace(called.config, tools=()))
