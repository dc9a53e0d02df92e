"""A reward that is paid at a forced token goes to the wrong action: it counts for the last action *before* it."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    places = np.flatnonzero(chosen)
    paid = rewards[places].copy()
    for t in np.flatnonzero(~chosen):
        after = places[places > t]
        paid[np.searchsorted(places, after[0]) if len(after) else 0] += rewards[t]
    later, following = 0.0, 0.0
    for i in range(len(places) - 1, -1, -1):
        t = places[i]
        later = paid[i] + gamma * following - values[t] + gamma * lam * later
        A[t], following = later, values[t]
    return A
