"""Lesson 4: what a product costs. The rest of the lesson is in exercises.c."""

# ---- 4.1 ----


def intensity(M, K, N):
    """How many operations a matrix product does for each byte that it moves.

    A is (M, K), B is (K, N), and C = A B is (M, N). All are float32, which
    takes 4 bytes a number. A multiplication is one operation, and an addition
    is one. Count every number of A and B as read once, and every number of C
    as written once. Returns a float.

    Example: intensity(1, 1, 1) is 1/6, as 2 operations move three numbers of
    4 bytes each.
    """
    raise NotImplementedError("write intensity")
