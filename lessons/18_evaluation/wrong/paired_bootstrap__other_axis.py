"""The means are taken down the columns, axis=0. Each row of draws is one draw of n problems: its mean is along
axis=1."""


def paired_bootstrap(first, second, draws):
    differences = first - second
    low, high = np.quantile(differences[draws].mean(axis=0), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)
