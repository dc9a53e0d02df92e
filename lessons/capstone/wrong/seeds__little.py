"""The bytes are read with the least significant one first. "big" puts the most significant one first."""


def seeds(seal, n):
    digests = [hashlib.sha256(f"{seal} {k}".encode()).digest() for k in range(n)]
    return [int.from_bytes(digest[:4], "little") % 2**31 for digest in digests]
