"""Where a pair overlaps with itself, as in a a a, the occurrence on the right is joined first. Go from left to
right, as `join` does."""


def encode(chunk, ranks):
    tokens = [bytes([byte]) for byte in chunk]
    while True:
        known = [(ranks[pair], -i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]
        if not known:
            return tokens
        i = -min(known)[1]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
