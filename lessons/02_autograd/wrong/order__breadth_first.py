"""This goes through the graph level by level. A node that is used by the root and once more further down is met too
early: one of its users has not had its turn."""


def order(root, parents_of):
    found, seen, waiting = [], {root}, [root]
    while waiting:
        node = waiting.pop(0)
        found.append(node)
        for parent in parents_of(node):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return found
