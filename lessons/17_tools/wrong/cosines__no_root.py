"""The lengths are squared: a length is the root of the sum of squares."""


def cosines(query, vectors):
    return vectors @ query / ((vectors**2).sum(axis=1) * (query**2).sum())
