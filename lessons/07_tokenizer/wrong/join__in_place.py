"""The list that was given is changed. The caller may still need it as it was: build a new list, or begin with a
copy."""


def join(tokens, pair):
    i = 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) == pair:
            tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
        i += 1
    return tokens
