"""This is a pair: the old state, and the action. A state is one tuple of tokens, (7, 8, 3) and not ((7, 8), 3)."""


def after(state, action):
    return (state, action)
