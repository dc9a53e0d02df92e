"""The model would read a token and have to say the one before it. Targets are one place to the right."""


def inputs_and_targets(ids):
    return ids[1:], ids[:-1]
