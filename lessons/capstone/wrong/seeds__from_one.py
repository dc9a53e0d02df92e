"""The runs are counted from 1. The first one is k = 0."""


def seeds(seal, n):
    digests = [hashlib.sha256(f"{seal} {k}".encode()).digest() for k in range(1, n + 1)]
    return [int.from_bytes(digest[:4], "big") % 2**31 for digest in digests]
