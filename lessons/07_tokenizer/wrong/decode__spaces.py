"""There is a space between the tokens. A space is part of a token where it belongs to the text; nothing is added."""


def decode(ids, vocabulary):
    return b" ".join(vocabulary[i] for i in ids).decode("utf-8", errors="replace")
