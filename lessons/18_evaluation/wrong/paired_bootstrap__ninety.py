"""The quantiles are 0.05 and 0.95, which makes a 90% interval. A 95% interval leaves out 2.5% on each side."""


def paired_bootstrap(first, second, draws):
    differences = first - second
    low, high = np.quantile(differences[draws].mean(axis=1), [0.05, 0.95])
    return float(differences.mean()), float(low), float(high)
