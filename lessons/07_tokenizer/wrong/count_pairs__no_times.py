"""Each word is counted once. A word that occurs 5 times in the text adds 5 to each of its pairs."""


def count_pairs(words, times):
    counts = {}
    for tokens in words:
        for pair in pairwise(tokens):
            counts[pair] = counts.get(pair, 0) + 1
    return counts
