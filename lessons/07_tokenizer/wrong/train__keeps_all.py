"""Every chunk of the text is kept, and a real text is too long for that. Keep each different word once, with the number
of times that it occurs: Counter(chunks) does both in one pass."""


def train(chunks, n_merges):
    words = [[bytes([byte]) for byte in chunk] for chunk in chunks]
    merges = []
    while len(merges) < n_merges:
        counts = count_pairs(words, [1] * len(words))
        if not counts:
            break
        merges.append(best_pair(counts))
        words = [join(tokens, merges[-1]) for tokens in words]
    return merges
