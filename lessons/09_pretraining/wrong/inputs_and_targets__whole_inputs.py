"""The last token is an input here, and no token comes after it that could be asked for. Inputs and targets are
equally long, and one shorter than the text."""


def inputs_and_targets(ids):
    return ids, ids[1:]
