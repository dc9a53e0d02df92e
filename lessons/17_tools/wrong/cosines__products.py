"""These are the products of the vectors. A long vector has large products in every direction: divide by both
lengths."""


def cosines(query, vectors):
    return vectors @ query
