"""128 is taken away from each byte of Q8_0 here. The bytes are int8 already, from -128 to 127: view reads them so."""


def from_blocks(kind, blocks):
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == "Q8_0":
        return d * (blocks[:, 2:].astype(np.float32) - 128)
    m = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 4:]
    q = np.concatenate([packed & 15, packed >> 4], axis=1)
    return d * q + m
