"""A node that is used twice stands in the list twice. Its push would then run twice, and everything before it
would get too much."""


def order(root, parents_of):
    found, waiting = [], [root]
    while waiting and len(found) < 20000:
        node = waiting.pop(0)
        found.append(node)
        waiting.extend(dict.fromkeys(parents_of(node)))
    return found
