"""Tables fit into any window, and no word is cut off."""

import pytest

from minirl.evaluation.results import table
from minirl.runs.table import layout

ESTIMATE = {"value": 0.9384, "low": 0.9142, "high": 1.0}
RESULTS = [
    {"stage": stage, "split": split, "problems": 500, "greedy": ESTIMATE, "pass@1": ESTIMATE, "pass@8": ESTIMATE,
     "majority@8": ESTIMATE, "tokens": {"value": 18.0, "low": 17.0, "high": 19.5}}
    for split in ("test", "science paraphrases") for stage in ("pretrain", "sft", "rl")
]  # fmt: skip
WIDE, NARROW = 120, 80


def words(lines: list[str]) -> set[str]:
    return {word for line in lines for word in line.split()}


@pytest.mark.parametrize("width", [60, NARROW, WIDE])
def test_the_main_table_keeps_its_words(width: int) -> None:
    lines = layout(*table(RESULTS), width, grouped=True)
    assert max(map(len, lines)) <= width
    for name in ("pretraining", "SFT", "RL", "greedy", "pass@8", "maj@8", "tokens", "93.8"):
        assert name in words(lines)
    assert "science paraphrases (n=500)" in lines


def test_an_interval_stands_beside_or_below() -> None:
    rows = [["", "SFT", "93.8 [91.4, 95.6]"], ["", "RL", "-3.0 [-19.4, +2.0]"]]
    wide = layout(["", "", "greedy"], rows, 40, grouped=True)
    assert wide[3] == "  SFT   93.8 [91.4, 95.6]"
    narrow = layout(["", "", "greedy"], rows, 22, grouped=True)
    assert narrow[3:] == [
        "  SFT           93.8",
        "           91.4–95.6",
        "  RL            -3.0",
        "       -19.4 to +2.0",
    ]


def test_columns_that_do_not_fit_make_another_table() -> None:
    lines = layout(["name", *"abcdef"], [["one", *(["1234567890"] * 6)]], 40)
    assert max(map(len, lines)) <= 40
    assert [line for line in lines if line.startswith("name")] == [
        "name           a           b           c", "name           d           e           f",
    ]  # fmt: skip


def test_a_header_of_several_lines_ends_at_the_rule() -> None:
    lines = layout(["name", "problems\nA > B"], [["one", "7"]], 80)
    assert lines == ["      problems", "name     A > B", "──────────────", "one          7"]
