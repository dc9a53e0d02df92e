"""The number is made of the last four bytes. It is the first four."""


def seeds(seal, n):
    digests = [hashlib.sha256(f"{seal} {k}".encode()).digest() for k in range(n)]
    return [int.from_bytes(digest[-4:], "big") % 2**31 for digest in digests]
