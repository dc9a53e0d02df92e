"""One pair is joined, and that is all. After a join there are new pairs, which may have been learned too: go on until
none is left."""


def encode(chunk, ranks):
    tokens = [bytes([byte]) for byte in chunk]
    known = [pair for pair in pairwise(tokens) if pair in ranks]
    return join(tokens, min(known, key=lambda pair: ranks[pair])) if known else tokens
