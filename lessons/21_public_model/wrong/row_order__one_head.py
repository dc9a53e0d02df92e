"""This is the order within one head. Repeat it for each head, D rows further each time."""


def row_order(heads, D):
    return np.concatenate([np.arange(0, D, 2), np.arange(1, D, 2)])
