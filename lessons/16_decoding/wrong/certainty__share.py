"""This is the share of votes for the leading answer. One vote of one would make it certain. Count the throws of n
coins."""


def certainty(first, second):
    return first / (first + second) if first + second else 0.5
