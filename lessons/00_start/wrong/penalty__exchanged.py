"""Right and wrong are exchanged: somebody who was right, and sure of it, pays most."""


def penalty(sure, right):
    return square(sure / 100 - (not right))
