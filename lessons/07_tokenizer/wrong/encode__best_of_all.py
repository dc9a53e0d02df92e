"""It stops as soon as the best pair of the whole vocabulary is not in the word. Look for the best one among the pairs
that the word holds."""


def encode(chunk, ranks):
    tokens = [bytes([byte]) for byte in chunk]
    for pair in sorted(ranks, key=lambda pair: ranks[pair]):
        if pair not in pairwise(tokens):
            break
        tokens = join(tokens, pair)
    return tokens
