"""The high halves come first here. Byte j holds number j in its low half, and number j + 16 in its high half."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return d * blocks[:, 2:].copy().view(np.int8)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    q = np.concatenate([packed >> 4, packed & 15], axis=1)
    return d * q + m
