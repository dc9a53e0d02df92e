"""The new token is at the front of the state. A model reads from left to right, so what was written last must come
last."""


def after(state, action):
    return (action, *state)
