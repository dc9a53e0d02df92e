"""No register is left for the numbers of A. They can share one, but they need it: rows * vectors + vectors + 1."""


def best_tile(registers):
    fitting = [
        (rows, vectors)
        for vectors in range(1, registers)
        for rows in range(1, registers)
        if rows * vectors + vectors <= registers
    ]
    return min(fitting, key=lambda tile: (sum(tile) / (tile[0] * tile[1]), -tile[0]))
