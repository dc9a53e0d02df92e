"""Roots of the squares are taken here. They are lengths squared already, and the derivative needs them as they
are."""


def best_baseline(square):
    return float(np.sqrt(square[1]) / (np.sqrt(square[0]) + np.sqrt(square[1])))
