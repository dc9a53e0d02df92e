"""Each different word counts once. How often it occurs in the text matters: count the words first, for example with
Counter."""


def train(chunks, n_merges):
    words = [[bytes([byte]) for byte in chunk] for chunk in dict.fromkeys(chunks)]
    merges = []
    while len(merges) < n_merges:
        counts = count_pairs(words, [1] * len(words))
        if not counts:
            break
        merges.append(best_pair(counts))
        words = [join(tokens, merges[-1]) for tokens in words]
    return merges
