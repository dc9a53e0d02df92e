"""Lesson 22: write these two functions, and the kernels in exercises.cu.
`python -m minirl.lessons check 22.2` checks the first.
"""

from collections.abc import Sequence

# ---- 22.2 ----


def sectors(addresses: Sequence[int]) -> int:
    """How many pieces of 32 bytes memory hands out, so that the lanes of a
    warp get their numbers.

    addresses: for each lane, the number of the first byte that it reads. All
    begin at multiples of 4, and each lane reads 4 bytes. Piece 0 is bytes 0 to
    31, piece 1 is bytes 32 to 63, and so on. A piece that several lanes need
    is handed out once.

    sectors([0, 4, 8]) is 1, and sectors([28, 32]) is 2.
    """
    raise NotImplementedError("write sectors")


# ---- 22.4 ----


def intensity(rows: int, columns: int) -> float:
    """Operations for each byte that a block fetches from memory, in a product
    C = A B.

    The block computes a piece of C with this many rows and columns. For each
    step along k it fetches a column of A's piece, `rows` numbers, and a row of
    B's piece, `columns` numbers, once for all of its threads. Each number has
    4 bytes. Then every number of the piece of C takes a multiplication and an
    addition.

    intensity(2, 2) is 0.5: 8 operations for 4 numbers, which are 16 bytes.
    """
    raise NotImplementedError("write intensity")
