"""The result is missing: C has M N numbers, and each of them is written to memory once."""


def intensity(M, K, N):
    return 2 * M * K * N / (4 * (M * K + K * N))
