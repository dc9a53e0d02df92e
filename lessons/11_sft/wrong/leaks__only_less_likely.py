"""The absolute value of the difference is missing. A leak can make a token less likely or likelier, and without
np.abs one of the two is overlooked."""


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        found += [(i, j) for j, alone in zip(others, without) if (together[j] - alone).max() > 0.001]
    return found
