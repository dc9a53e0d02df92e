"""Of the pairs in the word, the one that was learned last is joined first. It should be the one that was learned
first, with the smallest rank."""


def encode(chunk, ranks):
    tokens = [bytes([byte]) for byte in chunk]
    while True:
        known = [pair for pair in pairwise(tokens) if pair in ranks]
        if not known:
            return tokens
        tokens = join(tokens, max(known, key=lambda pair: ranks[pair]))
