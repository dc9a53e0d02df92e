"""This is the ratio of the two squares. Set the derivative of (1 - b)² s1 + b² s0 to 0, and bring all b to one side:
the sum of both squares comes to stand below."""


def best_baseline(square):
    return float(square[1] / square[0]) if square[0] else float("inf")
