"""A reward that is paid at a forced token is lost. It counts for the last action before it."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    later, following = 0.0, 0.0
    for t in range(len(rewards) - 1, -1, -1):
        if chosen[t]:
            later = rewards[t] + gamma * following - values[t] + gamma * lam * later
            A[t], following = later, values[t]
    return A
