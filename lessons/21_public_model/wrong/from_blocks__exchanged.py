"""d and m are exchanged here: d comes first."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return d * blocks[:, 2:].copy().view(np.int8)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    q = np.concatenate([packed & 15, packed >> 4], axis=1)
    return m * q + d
