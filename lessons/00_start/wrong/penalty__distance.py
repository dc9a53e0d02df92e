"""This is the distance itself. Take its square: a small error then costs little, and a large one much."""


def penalty(sure, right):
    return abs(sure / 100 - right)
