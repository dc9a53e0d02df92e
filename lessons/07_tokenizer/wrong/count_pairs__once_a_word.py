"""A pair that occurs twice in a word is counted once. In abab the pair (a, b) occurs twice."""


def count_pairs(words, times):
    counts = {}
    for tokens, n in zip(words, times):
        for pair in set(pairwise(tokens)):
            counts[pair] = counts.get(pair, 0) + n
    return counts
