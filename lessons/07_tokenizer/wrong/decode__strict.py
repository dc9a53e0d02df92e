"""Bytes that are no UTF-8 raise an error. A model may generate any tokens, so its text may end in the middle of a
character: errors="replace"."""


def decode(ids, vocabulary):
    return b"".join(vocabulary[i] for i in ids).decode("utf-8")
