"""This keeps what is too large at the largest number of bfloat16. It becomes infinity: the carry of the
rounding makes it so by itself."""


def to_bf16(x):
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(
        np.isnan(x), 0x7FC0, np.where(np.isfinite(x) & (rounded & 0x7FFF == 0x7F80), rounded - 1, rounded)
    ).astype(np.uint16)
