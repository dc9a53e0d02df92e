"""The two squares have changed places. The parabola (1 - b)² s1 + b² s0 is smallest at b = s1 / (s0 + s1)."""


def best_baseline(square):
    return float(square[0] / (square[0] + square[1]))
