"""The two halves of a byte are taken for neighbours here, numbers 2 j and 2 j + 1. The low halves of all bytes come
first, numbers 0 to 15; then the high halves."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return d * blocks[:, 2:].copy().view(np.int8)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    q = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(blocks), 32)
    return d * q + m
