"""What a check raises where there is no result to compare."""


class Unusable(Exception):
    """For `observe`: what the learner's function returned is of no use. The message is shown as it is."""


class Waited(Exception):
    """The function took too long and hardly computed, so nobody can tell whether it is right: inconclusive."""
