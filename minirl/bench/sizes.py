"""The shapes that training uses."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """B, T, C and so on of one training step, and the matrix products and attentions to measure.

    matmul: (M, K, N). large: those of them that bfloat16 is measured on. few_rows: the M of generation's products with
    a C x F weight. attention: (B, H, T, D), each with whether NumPy, which holds all T x T weights, takes part.
    """

    B: int
    T: int
    C: int
    F: int
    H: int
    V: int
    parameters: int
    matmul: tuple[tuple[int, int, int], ...]
    large: tuple[tuple[int, int, int], ...]
    few_rows: tuple[int, ...]
    attention: tuple[tuple[int, int, int, int], ...]
    numpy_attention_limit: int = 1 << 24  # numbers in the weights


# GPT-2 with 124M parameters on 4 rows of 256 tokens, and two small models' shapes among the products and attentions
TRAINING = Sizes(
    B=4,
    T=256,
    C=768,
    F=3072,
    H=12,
    V=50257,
    parameters=12_000_000,
    matmul=(
        (1024, 768, 2304),
        (1024, 768, 3072),
        (1024, 3072, 768),
        (1024, 768, 50304),
        (256, 256, 1024),
        (64, 128, 512),
        (2048, 2048, 2048),
    ),
    large=((1024, 768, 2304), (1024, 768, 3072), (1024, 3072, 768), (1024, 768, 50304), (2048, 2048, 2048)),
    few_rows=(1, 2, 4, 8, 16),
    attention=((4, 12, 256, 64), (1, 12, 1024, 64), (1, 12, 4096, 64), (64, 4, 64, 32)),
)

# Odd and small: runs every case in seconds, to see that it runs
QUICK = Sizes(
    B=2,
    T=17,
    C=48,
    F=96,
    H=3,
    V=501,
    parameters=1001,
    matmul=((33, 20, 47),),
    large=((33, 20, 47),),
    few_rows=(1, 3),
    attention=((2, 3, 17, 16),),
)
