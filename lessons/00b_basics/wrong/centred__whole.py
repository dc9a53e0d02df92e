"""One mean of all numbers is subtracted from every row. Each row has a mean of its own."""


def centred(x):
    return x - x.mean()
