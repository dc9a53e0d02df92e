"""The leftmost pair that was learned is joined first. The order of learning decides, not the place in the word: take
the pair with the smallest rank."""


def encode(chunk, ranks):
    tokens = [bytes([byte]) for byte in chunk]
    while True:
        known = [pair for pair in pairwise(tokens) if pair in ranks]
        if not known:
            return tokens
        tokens = join(tokens, known[0])
