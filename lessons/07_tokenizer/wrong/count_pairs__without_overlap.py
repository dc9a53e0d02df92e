"""Of two pairs that share a token only the first is counted. The task counts all neighbours: a a a holds the pair (a,
a) twice."""


def count_pairs(words, times):
    counts = {}
    for tokens, n in zip(words, times):
        last = None
        for i in range(len(tokens) - 1):
            pair = (tokens[i], tokens[i + 1])
            if pair == last:
                last = None
                continue
            counts[pair] = counts.get(pair, 0) + n
            last = pair
    return counts
