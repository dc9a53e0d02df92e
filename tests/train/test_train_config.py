"""Configurations: the flags, the presets, and what is refused."""

import shlex
from dataclasses import fields, replace
from pathlib import Path

import pytest

from minirl.runs import PRESETS, ModelConfig, TrainConfig, from_json, to_json
from minirl.tasks import get
from minirl.tokenizer import Tokenizer
from minirl.train import chain, program
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
        (["--sft.learning-rate", "-1"], "--sft.learning-rate is -1.0; give more than 0"),
        (["--pretrain.max-norm", "0"], "--pretrain.max-norm is 0.0; give more than 0"),
        (["--model.init-std", "0"], "--model.init-std is 0.0; give more than 0"),
        (["--rl.beta2", "1"], "--rl.beta2 is 1.0"),
        (["--rl.rehearsal", "-1"], "--rl.rehearsal is -1; give 0 or more"),
        (["--rl.rehearsal-weight", "nan"], "--rl.rehearsal-weight is nan; give a finite number"),
        (["--pretrain.learning-rate", "nan"], "--pretrain.learning-rate is nan; give a finite number"),
        (["--sft.max-norm", "inf"], "--sft.max-norm is inf; give a finite number"),
        (["--checkpoint-seconds", "nan"], "--checkpoint-seconds is nan; give a finite number"),
        (["--checkpoint-seconds", "-1"], "--checkpoint-seconds is -1.0; give 0 or more"),
        (
            ["--pretrain.batch-tokens", "3000000000", "--pretrain.micro-tokens", "3000000000"],
            "lower --pretrain.micro-tokens, which is 3000000000",
        ),
        (["--precision", "tf32"], "--precision tf32 is for GPUs, with --backend cuda"),
        (["--pretrain.warmup", "-5"], "--pretrain.warmup is -5; give 0 or more"),
        (["--sft.final-share", "-0.5"], "--sft.final-share is -0.5; give 0 or more"),
        (["--seed", "-1"], "--seed is -1; give 0 or more"),
        (["--model.pattern", "("], "--model.pattern"),
        (["--model.vocab-size", "200"], "--model.vocab-size is 200; give 262 or more"),
        (["--model.vocab-size", "2000000000"], "lower --model.vocab-size, which is 2000000000"),
        (["--model.n-layer", "2000000000"], "lower --model.n-layer, which is 2000000000"),
        (["--model.context-length", "2000000000"], "lower --model.context-length"),
        (["--model.n-layer", "99999999999"], "n_layer is 99999999999; expected at most 2147483647"),
        (["--sft.demonstrations", "99999999999999"], "lower --sft.demonstrations"),
        (["--model.n-head", "3"], "use one of [1, 2, 4, 8"),
        (["--task", "chess"], "choose one of"),
        (["--name", "../../evil"], "--name is '../../evil'; give a plain name"),
        (["--name", "/etc/evil"], "--name is '/etc/evil'; give a plain name"),
        (["--name", ""], "--name is ''; give a plain name"),
        (["--name", "."], "--name is '.'; give a plain name"),
        (["--name", ".."], "--name is '..'; give a plain name"),
        (["--name", "a\nb"], "--name is 'a\\nb'; give a plain name"),
        (["--name", "a\0b"], "--name is 'a\\x00b'; give a plain name"),
        (["--name", "ä" * 101], "of at most 200 bytes"),
        (["--rl.max-new-tokens", "300"], "but --model.context-length is 128"),
        (["--preset", "smoke", "--model.context-length", "16"], " --model.context-length 192\n"),
        (["--preset", "smoke", "--pretrain.batch-tokens=4"], " --pretrain.batch-tokens 192\n"),
    ],
)  # fmt: skip
def test_impossible_settings_are_refused_before_anything_is_made(
    flags: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main([*flags, "--runs", str(tmp_path / "runs")]) == 1
    printed = capsys.readouterr()
    assert message in printed.err and not printed.out
    assert not list(tmp_path.iterdir())


def test_a_value_that_no_run_can_have_is_a_flag_that_is_not_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        program.main(["--rl.kl", "nan", "--runs", str(tmp_path / "runs")])
    assert "kl is nan; it must be 0 or more" in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for runs in (tmp_path / "file", tmp_path / "file" / "runs"):
        assert program.main(["--runs", str(runs)]) == 1
        assert f"{tmp_path / 'file'} is a file; give a folder" in capsys.readouterr().err
    assert program.main(["--runs", "a\0b"]) == 1
    assert "no path holds the character NUL" in capsys.readouterr().err
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    assert program.main(["--runs", str(tmp_path / "a" / "b")]) == 1
    assert f"{tmp_path} is not writable" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_command_in_the_message_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its settings are those that were given, with only the refused ones changed."""
    flags = ["--preset", "smoke", "--model.context_length=16", "--pretrain.batch-tokens", "4", "--name", "it's mine"]
    assert program.main([*flags, "--runs", str(tmp_path / "runs")]) == 1
    corrected = shlex.split(capsys.readouterr().err.splitlines()[-1])
    assert corrected[:3] == ["python", "-m", "minirl.train"]
    before, after = program.parse(flags), program.parse(corrected[3:])
    assert (
        after.name == "it's mine"
        and replace(after, runs=before.runs, model=before.model, pretrain=before.pretrain) == before
    )
    config = TrainConfig(**{field.name: getattr(after, field.name) for field in fields(TrainConfig)})
    chain.train_tokenizer(config)  # which refuses what does not fit


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
            flag = f"--{name.replace('_', '-')}"
            assert f"{flag} " in text or f"{flag}," in text  # a switch has a second name after it: --no-...


class TestPrompts:
    tokenizer = Tokenizer.train(["Q: Roger has 5 balls.\nReasoning: 5 + 2 = 7.\nAnswer: 7"], 270)

    def test_a_context_that_is_too_short(self) -> None:
        config = replace(TrainConfig(), model=ModelConfig(context_length=64))
        with pytest.raises(
            ConfigError, match=r"prompts have up to \d+ tokens and answers up to 40 \(--rl.max-new-tokens\)"
        ):
            check_prompts(config, self.tokenizer, get("word_problems"))

    def test_a_context_too_short_for_what_pretraining_reads(self) -> None:
        """Prompts and answers fit: a question told twice does not."""
        config = TrainConfig()
        short = replace(
            config, model=ModelConfig(context_length=240), rl=replace(config.rl, max_new_tokens=8),
            evaluation=replace(config.evaluation, max_new_tokens=8),
        )  # fmt: skip
        with pytest.raises(
            ConfigError, match=r"word_problems: training texts have up to .* The longest is a document of"
        ):
            check_prompts(short, self.tokenizer, get("word_problems"))

    def test_a_context_that_is_long_enough(self) -> None:
        config = replace(TrainConfig(), model=ModelConfig(context_length=512))
        check_prompts(config, self.tokenizer, get("word_problems"))
