"""Each byte became a character of its own. In UTF-8, characters outside of English have two to four bytes."""


def decode(ids, vocabulary):
    return b"".join(vocabulary[i] for i in ids).decode("latin-1")
