"""The oldest token is gone. A state keeps everything so far: without the prompt the model would not know the
question."""


def after(state, action):
    return (*state[1:], action)
