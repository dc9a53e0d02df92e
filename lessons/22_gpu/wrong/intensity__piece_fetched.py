"""The bytes are those of the piece of C. But C stays where it is: for each step along k, a block fetches a column
of A and a row of B, rows + columns numbers."""


def intensity(rows, columns):
    return 2 * rows * columns / (4 * rows * columns)
