"""All values count the same here. Weigh each with its probability."""


def mean_and_variance(values, p):
    return float(values.mean()), float(values.var())
