"""This is a list. A state is a tuple, because a tuple never changes: whoever has noted a state can rely on it.
tuple(...) makes one of a list."""


def after(state, action):
    return [*state, action]
