"""This is 2 to the power of x. The number that is multiplied by itself comes first: x ** 2, or x * x."""


def square(x):
    return 2**x
