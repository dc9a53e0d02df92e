"""Preferences: which of two answers to a prompt people, or a checker, like better."""

from minirl.preferences.baselines import accuracy, length, surface_judge
from minirl.preferences.pair import Pair, append_pair, read_pairs, write_pairs
from minirl.preferences.published import llmbar, pandalm
from minirl.preferences.splits import by_group, grouped_split

__all__ = [
    "Pair",
    "accuracy",
    "append_pair",
    "by_group",
    "grouped_split",
    "length",
    "llmbar",
    "pandalm",
    "read_pairs",
    "surface_judge",
    "write_pairs",
]
