"""The joins are taken in the order in which they stand in the dictionary. It may be any order: ranks[pair] says which
pair was learned first."""


def encode(chunk, ranks):
    tokens = [bytes([byte]) for byte in chunk]
    while True:
        known = [pair for pair in ranks if pair in pairwise(tokens)]
        if not known:
            return tokens
        tokens = join(tokens, known[0])
