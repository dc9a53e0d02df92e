"""This compares the loss of the whole document. A leak can make one token likelier and another one as much less
likely, and then the sum stays. Compare token by token."""


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        found += [(i, j) for j, alone in zip(others, without) if abs(alone.sum() - together[j].sum()) > 0.001]
    return found
