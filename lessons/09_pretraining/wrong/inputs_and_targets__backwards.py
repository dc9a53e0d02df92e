"""The model would read a token and have to say the one before it. Target t is the token after input t."""


def inputs_and_targets(ids):
    return ids[1:], ids[:-1]
