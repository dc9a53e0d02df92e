"""The report: what it shows of the episodes, and that it states only what is so."""

from types import SimpleNamespace
from typing import Any

import pytest

from minirl.evaluation.report import after_stages, changes_by_rl, episodes
from minirl.tasks import Problem
from minirl.train.rl import notable


def kept(step: int, reward: float, text: str = " 2 + 3 = 5.") -> dict[str, Any]:
    return {"kind": "episode", "step": step, "prompt": "Q: How many?\nReasoning:", "completion": text, "answer": "5",
            "reward": reward}  # fmt: skip


def test_episodes_are_pairs_of_right_and_wrong() -> None:
    """Also where many more kept episodes are wrong: some steps have no right one."""
    samples = [sample for step in range(1, 81) for sample in ([kept(step, 1)] if step % 3 else []) + [kept(step, 0)]]
    text = episodes(samples)
    assert text.count("Right, reward 1 (the right answer is 5)") == text.count("Wrong, reward 0 (the right") == 3
    steps = [int(line.removeprefix("### Step ")) for line in text.splitlines() if line.startswith("### Step")]
    assert steps[0] == 1 and 30 < steps[1] < 50 and steps[2] == 80
    assert "one right and one wrong episode" in text


def test_episodes_that_are_all_wrong() -> None:
    text = episodes([kept(step, 0) for step in (1, 2, 3)])
    assert "In none of the 3 steps" in text and text.count("Wrong, reward 0") == 3 and "Right" not in text
    assert episodes([]) == "None yet."


def test_no_text_of_a_model_ends_its_block() -> None:
    block = episodes([kept(1, 0, "```\n# not a heading\n```")]).split("\n\n")[-1]
    assert block.startswith("````\nQ:") and block.endswith("\n````")


def test_a_question_is_one_heading() -> None:
    samples = [
        {"kind": "stage", "stage": stage, "question": question, "prompt": "", "completion": " Because."}
        for stage in ("pretrain", "sft") for question in ("Why?", "How?")
    ]  # fmt: skip
    text = after_stages(samples)
    assert text.count("### Why?") == text.count("### How?") == 1
    assert text.index("### Why?") < text.index("After SFT:") < text.index("### How?")


def test_what_got_worse_is_said_too() -> None:
    values = {("test", "sft"): 0.5, ("test", "rl"): 0.9, ("unseen", "sft"): 0.6, ("unseen", "rl"): 0.95,
              ("science paraphrases", "sft"): 0.6, ("science paraphrases", "rl"): 0.5, ("x", "sft"): 1.0}  # fmt: skip
    results = [{"split": split, "stage": stage, "greedy": {"value": value}} for (split, stage), value in values.items()]
    assert changes_by_rl(results) == [
        "unseen 60.0% → 95.0%", "test 50.0% → 90.0%", "science paraphrases 60.0% → 50.0%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rewards", "chosen"),
    [("1111 1010", [4, 5]), ("1100 1010", [0, 2]), ("1111 0000", [0, 4]), ("0000 0000", [0]), ("1111 1111", [0])],
)
def test_kept_episodes_are_of_the_same_problem_if_possible(rewards: str, chosen: list[int]) -> None:
    made: list[Any] = []
    for number, group in enumerate(rewards.split()):
        problem = Problem(f"{number}?", "", "5", str(number))
        made += [SimpleNamespace(problem=problem, reward=float(reward)) for reward in group]
    assert [made.index(episode) for episode in notable(made)] == chosen
