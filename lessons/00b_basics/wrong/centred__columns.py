"""The mean of each column is subtracted here. axis=0 runs down the rows; for the mean of a row, take axis=1."""


def centred(x):
    return x - x.mean(axis=0, keepdims=True)
