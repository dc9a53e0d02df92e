"""The pairs are counted once, before the first join. Each join makes new pairs and takes old ones away, so they have
to be counted again."""


def train(chunks, n_merges):
    distinct = Counter(chunks)
    words = [[bytes([byte]) for byte in chunk] for chunk in distinct]
    counts = count_pairs(words, list(distinct.values()))
    merges = []
    while len(merges) < n_merges and counts:
        merges.append(best_pair(counts))
        del counts[merges[-1]]
    return merges
