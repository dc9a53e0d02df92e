"""Pairs that reach from the end of one word into the next are counted too. A merge would then join pieces of two
words."""


def count_pairs(words, times):
    tokens = [token for word, n in zip(words, times) for token in word * n]
    counts = {}
    for pair in pairwise(tokens):
        counts[pair] = counts.get(pair, 0) + 1
    return counts
