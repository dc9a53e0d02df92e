"""This is half of it. Either the multiplications alone are counted: each product is also added to a sum, so there are
twice as many operations. Or a number is taken to be 8 bytes long, as in float64; in float32 it takes 4."""


def intensity(M, K, N):
    return M * K * N / (4 * (M * K + K * N + M * N))
