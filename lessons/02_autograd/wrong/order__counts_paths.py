"""While counting, this goes on from a node each time it meets it, and so it counts paths and not users. Go on from a
node only when it is met for the first time; count it every time."""


def order(root, parents_of):
    users, waiting = {root: 0}, [root]
    while waiting:
        for parent in parents_of(waiting.pop()):
            users[parent] = users.get(parent, 0) + 1
            waiting.append(parent)
    found, ready = [], [root]
    while ready:
        node = ready.pop()
        found.append(node)
        for parent in parents_of(node):
            users[parent] -= 1
            if users[parent] == 0:
                ready.append(parent)
    return found
