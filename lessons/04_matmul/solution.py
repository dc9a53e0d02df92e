"""Lesson 4: what a product costs."""

# ---- 4.1 ----


def intensity(M, K, N):
    operations = 2 * M * K * N
    numbers = M * K + K * N + M * N
    return operations / (4 * numbers)
