"""A forced token is counted as an action here. It takes no time, and `values` says nothing there: go from an action
straight to the next action."""


def gae(rewards, values, chosen, gamma, lam):
    A = np.zeros(len(rewards))
    later, following = 0.0, 0.0
    for t in range(len(rewards) - 1, -1, -1):
        later = rewards[t] + gamma * following - values[t] + gamma * lam * later
        A[t], following = later, values[t]
    return np.where(chosen, A, 0.0)
