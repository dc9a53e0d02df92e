"""The sum goes over the *earlier* deltas. What came before an action is not its doing: go from the last token to the
first."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    places = np.flatnonzero(chosen)
    paid = np.add.reduceat(rewards, places)
    V = np.append(values[places], 0.0)
    before = 0.0
    for i, t in enumerate(places):
        before = paid[i] + gamma * V[i + 1] - V[i] + gamma * lam * before
        A[t] = before
    return A
