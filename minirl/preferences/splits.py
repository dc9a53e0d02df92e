"""Splits in which no prompt stands on both sides.

The same prompt, and often the same answer, occurs in several pairs: PandaLM's 999 pairs compare few answers to each of
170 instructions. After a random split a judge meets answers again that it was told about. It can then remember instead
of judging, and its accuracy says nothing about new prompts.
"""

from collections.abc import Sequence

import numpy as np

from minirl.preferences.pair import Pair


def by_group(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The pairs of each group, in order."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(pair.belongs_to, []).append(pair)
    return found


def grouped_split(pairs: Sequence[Pair], share: float, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Two lists that share no group; the second holds this share of the groups, drawn with the seed.

    Raises ValueError for a share that leaves one of them empty.
    """
    groups = by_group(pairs)
    names = sorted(groups)
    held = round(share * len(names))
    if not 0 < held < len(names):
        raise ValueError(f"grouped_split: a share of {share} of {len(names)} groups leaves one side empty")
    chosen = set(np.random.default_rng(seed).permutation(len(names))[:held].tolist())
    sides: tuple[list[Pair], list[Pair]] = ([], [])
    for number, name in enumerate(names):
        sides[number in chosen].extend(groups[name])
    return sides
