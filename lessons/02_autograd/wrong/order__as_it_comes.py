"""This is the order in which a walk from the root comes across the nodes. A node that is used twice is met early
through one user, and the other user has not pushed yet."""


def order(root, parents_of):
    found, seen, waiting = [], {root}, [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        for parent in parents_of(node):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return found
