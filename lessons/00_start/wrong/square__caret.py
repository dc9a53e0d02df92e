"""The sign ^ is no power in Python: it works on the bits of whole numbers. Write x ** 2, or x * x."""


def square(x):
    return x ^ 2
