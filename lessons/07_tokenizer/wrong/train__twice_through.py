"""The chunks are gone through twice, and the second time nothing comes any more: an iterator can be used once only.
Count the words in a single pass, for example with Counter(chunks)."""


def train(chunks, n_merges):
    words = [[bytes([byte]) for byte in chunk] for chunk in set(chunks)]
    found = list(chunks)
    times = [found.count(b"".join(word)) for word in words]
    merges = []
    while len(merges) < n_merges:
        counts = {pair: n for pair, n in count_pairs(words, times).items() if n}
        if not counts:
            break
        merges.append(best_pair(counts))
        words = [join(tokens, merges[-1]) for tokens in words]
    return merges
