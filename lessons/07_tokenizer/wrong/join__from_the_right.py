"""The pairs are joined from right to left. In a a a the first two belong together, so the result is aa a."""


def join(tokens, pair):
    joined, i = [], len(tokens) - 1
    while i >= 0:
        if i > 0 and (tokens[i - 1], tokens[i]) == pair:
            joined.insert(0, tokens[i - 1] + tokens[i])
            i -= 2
        else:
            joined.insert(0, tokens[i])
            i -= 1
    return joined
