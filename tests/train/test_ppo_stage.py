"""PPO as the last stage of a run: it reports its value function, and goes on with the same bits after a kill."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from comparing import assert_same
from killing import Training

from minirl.model.tensor_file import TensorFile
from minirl.runs import Run, Screen, TrainConfig
from minirl.storage.checksums import DamagedError
from minirl.train import chain
from minirl.train.branch import branch

PPO = {"method": "ppo", "updates": 2, "clip": 0.2, "value_clip": 0.2, "value_warmup": 1, "steps": 6}


def with_value(config: TrainConfig, value: str, **changes: object) -> TrainConfig:
    return replace(config, rl=replace(config.rl, value=value, **{**PPO, **changes}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    ["network", pytest.param("head", marks=pytest.mark.slow), pytest.param("monte_carlo", marks=pytest.mark.slow)],
)
def test_killed_in_the_middle_it_ends_with_the_same_bits(value: str, whole: Run, tmp_path: Path, quiet: Screen) -> None:
    place = "reward" if value == "head" else "loss"
    config = with_value(replace(whole.config, runs=str(tmp_path)), value, kl_place=place)
    expected, run = branch(whole, "sft", config), branch(whole, "sft", config)
    chain.complete(expected, quiet)
    delay = random.uniform(0, 0.1)
    print(delay)  # shown where it fails
    Training(run.folder).kill(lambda: len(run.records(stage="rl")) >= 2, delay)
    assert Training(run.folder).wait()[0] == 0
    assert_same(run, expected)
    names = TensorFile(expected.folder / "rl" / "optimizer.safetensors").shapes()
    assert any(name.startswith("value.") for name in names)
    trace = expected.trace("roger", values="samples" if value == "monte_carlo" else None)
    assert all(moment.value is not None and moment.advantage is not None for moment in trace.moments)
    last = expected.records(stage="rl")[-1]
    assert {"value", "value_loss", "explained_variance", "explained_by_problem", "explained_by_position"} <= last.keys()


def test_a_checkpoint_of_another_value_function_does_not_fit(whole: Run, tmp_path: Path, quiet: Screen) -> None:
    run = branch(whole, "sft", with_value(replace(whole.config, runs=str(tmp_path)), "head", steps=2))
    chain.complete(run, quiet)
    other = Run(run.folder, with_value(run.config, "network", steps=2))
    state = run.state("rl")
    assert state is not None
    run.save("rl", run.model("rl"), run.load_optimizer("rl"), {**state, "step": 1, "done": False})
    (run.folder / "results.json").unlink()
    with pytest.raises(DamagedError, match="does not fit the run's settings"):
        chain.complete(other, quiet)
