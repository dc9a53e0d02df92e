"""The last token is lost where it is not part of a joined pair. It has no neighbour on its right, and stays all the
same."""


def join(tokens, pair):
    joined, i = [], 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) == pair:
            joined.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            joined.append(tokens[i])
            i += 1
    return joined
