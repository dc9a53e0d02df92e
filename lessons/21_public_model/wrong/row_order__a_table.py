"""The result is a table with a row for each head here. It should be one row of heads D numbers: reshape(-1)."""


def row_order(heads, D):
    order = np.concatenate([np.arange(0, D, 2), np.arange(1, D, 2)])
    return D * np.arange(heads)[:, None] + order
