"""The quantiles are taken of single differences, and not of the means of the draws. That tells how problems differ,
not how uncertain their mean is."""


def paired_bootstrap(first, second, draws):
    differences = first - second
    low, high = np.quantile(differences[draws], [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)
