"""The two cases are multiplied, as if both could happen at once. All right and all wrong exclude each other, so their
probabilities are added."""


def chance_informative(p, n):
    return (1 - p**n) * (1 - (1 - p) ** n)
