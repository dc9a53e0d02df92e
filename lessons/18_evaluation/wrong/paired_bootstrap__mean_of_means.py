"""The difference is the mean of the means that were drawn. It is the mean over the problems themselves; the draws are
for the interval."""


def paired_bootstrap(first, second, draws):
    means = (first - second)[draws].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(means.mean()), float(low), float(high)
