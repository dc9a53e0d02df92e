"""Only the multiplications are counted. Each number of C takes a multiplication and an addition for each step."""


def intensity(rows, columns):
    return rows * columns / (4 * (rows + columns))
