"""The blocks are strung together in one row here. The result has a row for each block, (n, 32)."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return (d * blocks[:, 2:].copy().view(np.int8)).reshape(-1)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    return (d * np.concatenate([packed & 15, packed >> 4], axis=1) + m).reshape(-1)
