"""Each token is decoded by itself. A character can be spread over several tokens, and its pieces are no characters:
join the bytes of all tokens first, and decode them once."""


def decode(ids, vocabulary):
    return "".join(vocabulary[i].decode("utf-8", errors="replace") for i in ids)
