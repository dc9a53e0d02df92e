"""Lesson 22: the two functions in Python, filled in. The kernels are in
solution.cu."""

from collections.abc import Sequence


def intensity(rows: int, columns: int) -> float:
    operations = 2 * rows * columns
    return operations / (4 * (rows + columns))


def sectors(addresses: Sequence[int]) -> int:
    return len({address // 32 for address in addresses})
