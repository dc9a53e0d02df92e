"""This is the rarest pair, not the most frequent one."""


def best_pair(counts):
    return min(counts, key=lambda pair: (counts[pair], pair))
