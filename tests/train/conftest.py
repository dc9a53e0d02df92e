"""A configuration that runs through the whole chain in a second or two."""

from dataclasses import replace
from pathlib import Path

import pytest

from minirl.runs import (
    EvalConfig,
    ModelConfig,
    PretrainConfig,
    RLStageConfig,
    Run,
    Screen,
    SFTConfig,
    TrainConfig,
)  # fmt: skip
from minirl.train import chain

TINY = TrainConfig(
    name="tiny",
    model=ModelConfig(vocab_size=300, n_layer=1, n_head=2, d_model=16, d_ff=32, context_length=256),
    pretrain=PretrainConfig(steps=6, warmup=2, batch_tokens=400),
    sft=SFTConfig(demonstrations=16, epochs=1, warmup=1, batch_rows=64),
    rl=RLStageConfig(steps=4, prompts=2, samples=2, warmup=1, max_new_tokens=8, advantage="plain", kl=0.1),
    evaluation=EvalConfig(problems=4, samples=2, dev_problems=2, probes=2, max_new_tokens=8, science_tokens=4),
)


@pytest.fixture
def tiny(tmp_path: Path) -> TrainConfig:
    return replace(TINY, runs=str(tmp_path / "runs"))


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that nothing interrupted, with a checkpoint after every update: to look at, copy and compare with."""
    config = replace(TINY, checkpoint_seconds=0.0, runs=str(tmp_path_factory.mktemp("whole")))
    return chain.train(config, Screen(quiet=True))


@pytest.fixture
def quiet() -> Screen:
    return Screen(quiet=True)
