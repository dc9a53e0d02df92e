"""The sum of each row is subtracted. The mean is the sum divided by the number of columns."""


def centred(x):
    return x - x.sum(axis=1, keepdims=True)
