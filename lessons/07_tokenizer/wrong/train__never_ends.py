"""Where no pair is left, it still looks for the best one. Stop when there are no counts."""


def train(chunks, n_merges):
    distinct = Counter(chunks)
    words = [[bytes([byte]) for byte in chunk] for chunk in distinct]
    merges = []
    for _ in range(n_merges):
        merges.append(best_pair(count_pairs(words, list(distinct.values()))))
        words = [join(tokens, merges[-1]) for tokens in words]
    return merges
