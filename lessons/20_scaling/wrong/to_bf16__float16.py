"""This is the other format of 16 bits, float16. It has more significant bits and fewer for the exponent:
100,000 is too large for it. bfloat16 is the upper half of a float32."""


def to_bf16(x):
    with np.errstate(over="ignore"):
        return x.astype(np.float16).view(np.uint16)
