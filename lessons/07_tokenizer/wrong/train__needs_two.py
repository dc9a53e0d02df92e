"""It stops where the best pair occurs only once. The task joins such pairs too, until none is left or n_merges are
reached."""


def train(chunks, n_merges):
    distinct = Counter(chunks)
    words = [[bytes([byte]) for byte in chunk] for chunk in distinct]
    merges = []
    while len(merges) < n_merges:
        counts = count_pairs(words, list(distinct.values()))
        if not counts or max(counts.values()) < 2:
            break
        merges.append(best_pair(counts))
        words = [join(tokens, merges[-1]) for tokens in words]
    return merges
