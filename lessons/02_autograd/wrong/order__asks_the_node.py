"""A node is only a name here, such as 'z' or 7, and has no `.parents`. Ask for them: parents_of(node)."""


def order(root, parents_of):
    return [root, *root.parents]
