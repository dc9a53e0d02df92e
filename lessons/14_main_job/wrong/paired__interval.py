"""This is 1.96 standard errors, half of a 95% interval. Return one standard error; whoever reads it can double it."""

import numpy as np


def paired(before, after):
    difference = after - before
    return float(difference.mean()), float(1.96 * difference.std(ddof=1) / np.sqrt(len(difference)))
