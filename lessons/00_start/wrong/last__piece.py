"""This is a piece of the array that holds the last number. numbers[-1:] is an array, numbers[-1] is a number."""


def last(numbers):
    return numbers[-1:]
