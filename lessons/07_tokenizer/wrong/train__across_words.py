"""The words are put together into one text, so that pairs reach from one word into the next. Keep each word a list of
its own."""


def train(chunks, n_merges):
    tokens = [bytes([byte]) for chunk in chunks for byte in chunk]
    merges = []
    while len(merges) < n_merges:
        counts = count_pairs([tokens], [1])
        if not counts:
            break
        merges.append(best_pair(counts))
        tokens = join(tokens, merges[-1])
    return merges
