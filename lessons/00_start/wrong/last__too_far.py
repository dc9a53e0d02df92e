"""Places are counted from 0, so the last place is len(numbers) - 1. At len(numbers) there is nothing any more; Python
notices it and raises an exception, where C would have read on."""


def last(numbers):
    return float(numbers[len(numbers)])
