"""This loses the sign. The first of the 16 bits says whether a number is negative."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16) & 0x7FFF
