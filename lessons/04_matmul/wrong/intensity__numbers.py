"""This is operations for each number, not for each byte. A number in float32 takes 4 bytes."""


def intensity(M, K, N):
    return 2 * M * K * N / (M * K + K * N + M * N)
