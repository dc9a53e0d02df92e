"""Lesson 5: write `best_tile` here, and the other five in exercises.c.
`python -m minirl.lessons check 5.2` checks this one.
"""

# ---- 5.2 ----


def best_tile(registers: int) -> tuple[int, int]:
    """The tile, (rows, vectors), that needs the fewest loads for each
    multiply-add, of all tiles that fit into the registers.

    A tile keeps rows * vectors sums in registers. One step of k loads `vectors`
    vectors of B and `rows` numbers of A, and does rows * vectors multiply-adds.
    The vectors of B need a register each, and the numbers of A share one.

    registers: 3 or more. Of equally good tiles, take the one with more rows.

    best_tile(8) is (2, 2): its 4 sums, 2 vectors of B and 1 number of A need 7
    registers, and 4 loads serve 4 multiply-adds. (6, 1) fits too, and takes 7
    loads for 6.
    """
    raise NotImplementedError("write best_tile")
