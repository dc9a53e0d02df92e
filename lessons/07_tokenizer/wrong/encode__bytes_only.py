"""Nothing is joined: these are the single bytes. They are where encoding begins."""


def encode(chunk, ranks):
    return [bytes([byte]) for byte in chunk]
