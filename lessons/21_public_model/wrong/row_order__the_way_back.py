"""This is the way back: it says where each row of the file goes. The question is where each row of the matrix comes
from."""


def row_order(heads, D):
    order = np.arange(D).reshape(2, D // 2).T.reshape(-1)
    return (D * np.arange(heads)[:, None] + order).reshape(-1)
