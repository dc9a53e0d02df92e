"""The odd rows come first here. Of a pair, row i of the head is 2 i in the file, and row i + D/2 is 2 i + 1."""


def row_order(heads, D):
    order = np.concatenate([np.arange(1, D, 2), np.arange(0, D, 2)])
    return (D * np.arange(heads)[:, None] + order).reshape(-1)
