"""Tokens are joined whenever their bytes together are the bytes of the pair. The pair (a, bc) is another one than
(ab, c), although both spell abc."""


def join(tokens, pair):
    joined, i = [], 0
    while i < len(tokens):
        if i + 1 < len(tokens) and tokens[i] + tokens[i + 1] == pair[0] + pair[1]:
            joined.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            joined.append(tokens[i])
            i += 1
    return joined
