"""These seeds are the same for every seal. Then a prediction may be changed after the runs, and nobody sees it."""


def seeds(seal, n):
    digests = [hashlib.sha256(f"{k}".encode()).digest() for k in range(n)]
    return [int.from_bytes(digest[:4], "big") % 2**31 for digest in digests]
