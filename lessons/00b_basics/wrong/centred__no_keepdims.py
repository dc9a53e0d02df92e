"""The means have lost their axis: one for each row, and the shape (rows,). NumPy then takes the first mean from the
first column, the second from the second. keepdims=True leaves the axis there with size 1, so that each row gets its
own mean."""


def centred(x):
    return x - x.mean(axis=1)
