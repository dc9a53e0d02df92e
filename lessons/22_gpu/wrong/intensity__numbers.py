"""These are operations for each number, and not for each byte. A float has 4 bytes."""


def intensity(rows, columns):
    return 2 * rows * columns / (rows + columns)
