"""All runs get the same seed. Five runs with one seed are one run, five times."""


def seeds(seal, n):
    digest = hashlib.sha256(f"{seal} 0".encode()).digest()
    return [int.from_bytes(digest[:4], "big") % 2**31] * n
