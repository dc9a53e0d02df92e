"""This sends the middle between two neighbours to the one whose last bit is 1. It goes to the one whose last
bit is 0."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x8000 - (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)
