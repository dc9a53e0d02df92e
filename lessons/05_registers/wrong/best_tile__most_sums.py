"""This is the tile with the most sums. A tile that is long and thin has many sums and needs many loads: compare the
loads for each multiply-add, (rows + vectors) / (rows * vectors)."""


def best_tile(registers):
    fitting = [
        (rows, vectors)
        for vectors in range(1, registers)
        for rows in range(1, registers)
        if rows * vectors + vectors + 1 <= registers
    ]
    return max(fitting, key=lambda tile: (tile[0] * tile[1], tile[0]))
