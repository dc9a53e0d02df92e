"""The logarithm is not divided by log n. The same probability for all causes would then not give 0 points, but a number
that depends on how many causes there are."""


def points(beliefs, truth, spent):
    return 100 * (1 + math.log(max(beliefs[truth], 0.001))) - spent
