"""Right and wrong are exchanged: whoever was right, and sure of it, pays most."""


def penalty(sure, right):
    return square(sure / 100 - (not right))
