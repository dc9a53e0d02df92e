"""A run whose reward is a model: pairs, reward model, PPO, end to end; and the same bits after a kill."""

from dataclasses import replace
from pathlib import Path

import pytest
from comparing import assert_same
from killing import Training

from minirl.preferences import Pair
from minirl.rl.reward_model import RewardModel
from minirl.runs import Run, Screen
from minirl.train import chain, program
from minirl.train.branch import branch
from minirl.train.reward import REWARD, judged, reward_of, told


def variant(whole: Run, tmp_path: Path, **changes: object) -> Run:
    """A branch of the whole run after SFT, with other settings of RL."""
    rl = replace(whole.config.rl, steps=2, **changes)  # type: ignore[arg-type]
    return branch(whole, "sft", replace(whole.config, rl=rl, runs=str(tmp_path)))


MODEL = {
    "method": "ppo", "reward": "model", "pair_problems": 12, "samples": 3, "max_new_tokens": 12, "kl_place": "reward",
}  # fmt: skip


def test_a_reward_model_and_then_ppo(whole: Run, tmp_path: Path, quiet: Screen) -> None:
    run = variant(whole, tmp_path, **MODEL)
    chain.complete(run, quiet)
    lines = run.records(stage=REWARD)
    assert lines[-1]["loss"] > 0 and lines[-1]["pairs"] > 0
    last = run.records(stage="rl")[-1]
    assert {"paid", "right", "valid", "explained_variance"} <= last.keys() and last["reward"] == last["right"]
    for name in ("reward_model", "paid", "value"):
        assert (run.folder / "plots" / f"{name}.png").is_file()
    assert "a model that learned from pairs" in (run.folder / "report.md").read_text(encoding="utf-8")

    again = variant(whole, tmp_path, **MODEL)
    Training(again.folder).kill(lambda: bool(again.records(stage=REWARD)), 0.0)
    assert Training(again.folder).wait()[0] == 0
    assert_same(again, run)
    names = [path.name for path in (run.folder / REWARD).iterdir()]
    for name in names:
        assert (again.folder / REWARD / name).read_bytes() == (run.folder / REWARD / name).read_bytes()


@pytest.mark.parametrize("changes", [{"reward": "reasoning"}, {"method": "dpo"}])
def test_other_rewards_and_methods(whole: Run, tmp_path: Path, quiet: Screen, changes: dict[str, object]) -> None:
    run = variant(whole, tmp_path, **changes)
    chain.complete(run, quiet)
    last = run.records(stage="rl")[-1]
    assert ("valid" in last) == ("reward" in changes) and ("margin" in last or last["grad_norm"] >= 0)


def test_a_reward_model_that_is_missing_is_named(whole: Run, tmp_path: Path) -> None:
    run = variant(whole, tmp_path, **MODEL)
    with pytest.raises(FileNotFoundError, match="no reward model in"):
        reward_of(run, chain.tasks.get(run.config.task), run.tokenizer())


def test_a_policy_that_always_says_the_same_makes_no_pairs(whole: Run, tmp_path: Path, quiet: Screen) -> None:
    run = variant(whole, tmp_path, **{**MODEL, "temperature": 1e-4})
    with pytest.raises(ValueError, match="too few to learn a reward; give more"):
        chain.complete(run, quiet)


def test_the_preset_and_its_flags() -> None:
    rl = program.parse(["--preset", "preferences"]).rl
    assert (rl.method, rl.reward) == ("ppo", "model") and rl.kl > 0
    assert program.parse(["--rl.method", "ppo", "--rl.no-whiten"]).rl.whiten is False


def test_a_reward_model_is_measured_beside_simple_judges(whole: Run) -> None:
    tokenizer = whole.tokenizer()
    judge = RewardModel(whole.model("sft"), tokenizer)
    won = [Pair(f"{i} Reasoning:", " 1 + 1 = 2.", " 3") for i in range(8)]
    found = judged(judge, won, won)
    assert (found["pair_length"], found["pair_surface"], found["pairs"]) == (1, 1, 8)
    assert 0 <= found["pair_accuracy"] <= 1 and "the longer answer in 100.0%" in told(found)
    tied = [Pair(p.prompt, p.chosen, p.rejected, tie=True) for p in won]
    assert judged(judge, won, tied) == {"pairs": 8} and "no held-out pair has a winner" in told({"pairs": 8})
