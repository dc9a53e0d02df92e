"""This is the order of the way forward: inputs first. The walk back begins at the root."""


def order(root, parents_of):
    users, waiting = {root: 0}, [root]
    while waiting:
        for parent in parents_of(waiting.pop()):
            if parent not in users:
                users[parent] = 0
                waiting.append(parent)
            users[parent] += 1
    found, ready = [], [root]
    while ready:
        node = ready.pop()
        found.append(node)
        for parent in parents_of(node):
            users[parent] -= 1
            if users[parent] == 0:
                ready.append(parent)
    return found[::-1]
