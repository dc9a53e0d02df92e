"""The percentage has not been divided by 100. A guess that you are 80% sure of has the number 0.8."""


def penalty(sure, right):
    return square(sure - right)
