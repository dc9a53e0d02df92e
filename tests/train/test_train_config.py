"""Configurations: the flags, the presets, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from minirl.runs import PRESETS, ModelConfig, TrainConfig, from_json, to_json
from minirl.tasks import get
from minirl.tokenizer import Tokenizer
from minirl.train import program
from minirl.train.check import ConfigError, check, check_prompts


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_work(name: str) -> None:
    check(PRESETS[name])


@pytest.mark.parametrize("name", PRESETS)
def test_json_gives_the_configuration_back(name: str) -> None:
    assert from_json(TrainConfig, to_json(PRESETS[name])) == PRESETS[name]


def test_a_setting_from_another_version_is_named() -> None:
    with pytest.raises(ValueError, match="momentum"):
        from_json(TrainConfig, {"sft": {"momentum": 0.9}})


def test_flags_change_the_preset() -> None:
    arguments = program.parse(["--preset", "smoke", "--rl.steps", "7", "--seed=3"])
    assert (arguments.rl.steps, arguments.seed) == (7, 3)
    assert arguments.model == PRESETS["smoke"].model
    assert program.parse(["--preset=smoke"]).pretrain == PRESETS["smoke"].pretrain
    assert program.parse([]).pretrain == PRESETS["roger"].pretrain


def test_resume_takes_no_other_flag() -> None:
    assert program.parse(["--resume", "runs/x"]).resume == Path("runs/x")
    with pytest.raises(ConfigError, match="no other flag"):
        program.parse(["--resume", "runs/x", "--seed", "1"])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--pretrain.steps", "0"], "--pretrain.steps is 0; give 1 or more"),
        (["--sft.learning-rate", "-1"], "--sft.learning-rate is -1.0"),
        (["--rl.beta2", "1"], "--rl.beta1 and beta2"),
        (["--rl.rehearsal", "-1"], "0 being no rehearsal"),
        (["--rl.rehearsal-weight", "nan"], "0 being no rehearsal"),
        (["--model.vocab-size", "200"], "at least 262"),
        (["--model.n-head", "3"], "use one of [1, 2, 4, 8"),
        (["--task", "chess"], "choose one of"),
    ],
)  # fmt: skip
def test_impossible_settings_are_refused_before_anything_is_made(
    flags: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main([*flags, "--runs", str(tmp_path / "runs")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rl.samples", "1"], "set samples to 2 or more"),
        (["--preset", "fast"], "smoke"),
        (["--rl.stepps", "3"], "--rl.steps"),
        (["--precision", "float16"], "bfloat16"),
    ],
)
def test_wrong_flags_name_the_valid_ones(flags: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        program.parse(flags)
    assert stopped.value.code != 0
    printed = capsys.readouterr()
    assert message in " ".join((printed.out + printed.err).replace("│", " ").split())


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        program.parse(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for section, settings in to_json(TrainConfig()).items():
        names = [f"{section}.{name}" for name in settings] if isinstance(settings, dict) else [section]
        for name in names:
            assert f"--{name.replace('_', '-')} " in text


class TestPrompts:
    tokenizer = Tokenizer.train(["Q: Roger has 5 balls.\nReasoning: 5 + 2 = 7.\nAnswer: 7"], 270)

    def test_a_context_that_is_too_short(self) -> None:
        config = replace(TrainConfig(), model=ModelConfig(context_length=64))
        with pytest.raises(ConfigError, match=r"--rl.max-new-tokens.*at most 0 new tokens, or a context length of"):
            check_prompts(config, self.tokenizer, get("word_problems"))

    def test_a_context_too_short_for_what_pretraining_reads(self) -> None:
        """Prompts and answers fit: a question told twice does not."""
        config = TrainConfig()
        short = replace(
            config, model=ModelConfig(context_length=240), rl=replace(config.rl, max_new_tokens=8),
            evaluation=replace(config.evaluation, max_new_tokens=8),
        )  # fmt: skip
        with pytest.raises(ConfigError, match="what is read about word_problems has up to"):
            check_prompts(short, self.tokenizer, get("word_problems"))

    def test_a_context_that_is_long_enough(self) -> None:
        config = replace(TrainConfig(), model=ModelConfig(context_length=512))
        check_prompts(config, self.tokenizer, get("word_problems"))
