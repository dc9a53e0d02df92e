"""Some of these seeds are 2**31 or more. Take the remainder of the division by 2**31."""


def seeds(seal, n):
    digests = [hashlib.sha256(f"{seal} {k}".encode()).digest() for k in range(n)]
    return [int.from_bytes(digest[:4], "big") for digest in digests]
