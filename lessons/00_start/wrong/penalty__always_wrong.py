"""Every guess is treated here as if it had been wrong. Where it was right, the distance is that to 1."""


def penalty(sure, right):
    return square(sure / 100)
