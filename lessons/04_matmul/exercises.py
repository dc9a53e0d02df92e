"""Lesson 4: what a product costs. The rest of the lesson is in exercises.c."""

# ---- 4.1 ----


def intensity(M, K, N):
    """How many operations a matrix product does for each byte that it has to move, at the least.

    A is (M, K), B is (K, N), and C = A B is (M, N). All are float32: 4 bytes a number. A
    multiplication is one operation, and an addition is one. Count every number of A and B as
    read once, and every number of C as written once. Returns a float.

    Example: intensity(1, 1, 1) is 1/6: 2 operations, and three numbers of 4 bytes.
    """
    raise NotImplementedError("write intensity")
