"""This rounds the bits of a NaN like those of a number. If they are in the lower half alone, the NaN becomes
infinity; if all bits are 1, the carry makes a 0 of it. Treat NaN apart."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return rounded.astype(np.uint16)
