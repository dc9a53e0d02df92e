"""Everything counts here. A model that is taught to predict results learns to write them itself, and does not wait
for the tool."""


def counts(pieces):
    return [1.0 for piece in pieces]
