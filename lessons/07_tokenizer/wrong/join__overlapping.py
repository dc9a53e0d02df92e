"""A token is joined twice here, once with each of its neighbours. What has become part of a new token is no longer
there."""


def join(tokens, pair):
    joined, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            joined.append(tokens[i] + tokens[i + 1])
            i += 1
            if i + 1 == len(tokens):
                break
        else:
            joined.append(tokens[i])
            i += 1
    return joined
