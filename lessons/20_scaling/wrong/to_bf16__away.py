"""This rounds away from zero whenever a bit of the lower half is set. Only what is beyond the middle goes
up."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0xFFFF) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)
