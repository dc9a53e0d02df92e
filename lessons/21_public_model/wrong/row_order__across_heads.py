"""This takes all heads for one large head. Rows stay within their own head: first the D rows of head 0, then those of
head 1."""


def row_order(heads, D):
    return np.concatenate([np.arange(0, heads * D, 2), np.arange(1, heads * D, 2)])
