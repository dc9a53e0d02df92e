"""The sums alone fill the registers. The vectors of B need registers too, one each, and the numbers of A share one."""


def best_tile(registers):
    fitting = [
        (rows, vectors)
        for vectors in range(1, registers + 1)
        for rows in range(1, registers + 1)
        if rows * vectors <= registers
    ]
    return min(fitting, key=lambda tile: (sum(tile) / (tile[0] * tile[1]), -tile[0]))
