"""Bytes that are no UTF-8 are left out. They should become U+FFFD, so that one sees that something was there:
errors="replace"."""


def decode(ids, vocabulary):
    return b"".join(vocabulary[i] for i in ids).decode("utf-8", errors="ignore")
