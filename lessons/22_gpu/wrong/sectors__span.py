"""This counts all pieces from the first number to the last, also those between them that no lane needs. Only pieces
with a number that is read are handed out."""


def sectors(addresses):
    return max(addresses) // 32 - min(addresses) // 32 + 1
