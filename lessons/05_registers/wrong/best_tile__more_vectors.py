"""Of two tiles that are equally good, this one has more vectors. Take the one with more rows."""


def best_tile(registers):
    fitting = [
        (rows, vectors)
        for vectors in range(1, registers)
        for rows in range(1, registers)
        if rows * vectors + vectors + 1 <= registers
    ]
    return min(fitting, key=lambda tile: (sum(tile) / (tile[0] * tile[1]), -tile[1]))
