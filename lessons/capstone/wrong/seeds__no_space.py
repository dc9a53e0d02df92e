"""There is no space between the seal and the number. Without one, the seal "a1" with 2 and the seal
"a" with 12 would be the same text."""


def seeds(seal, n):
    digests = [hashlib.sha256(f"{seal}{k}".encode()).digest() for k in range(n)]
    return [int.from_bytes(digest[:4], "big") % 2**31 for digest in digests]
