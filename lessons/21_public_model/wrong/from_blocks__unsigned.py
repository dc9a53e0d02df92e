"""The numbers of Q8_0 are read as 0 to 255 here. They have a sign: look at the bytes as int8, with view."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return d * blocks[:, 2:].astype(np.float32)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    q = np.concatenate([packed & 15, packed >> 4], axis=1)
    return d * q + m
