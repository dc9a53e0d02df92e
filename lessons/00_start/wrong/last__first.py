"""This is the first number. Python counts from 0, so numbers[0] is the first, and numbers[-1] the last."""


def last(numbers):
    return float(numbers[0])
