"""Only the first token of each document is compared. A leak may change any other one: compare all of them, and take
the largest difference."""


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        found += [(i, j) for j, alone in zip(others, without) if abs(alone[0] - together[j][0]) > 0.001]
    return found
