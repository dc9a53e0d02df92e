"""A node that occurs twice among the parents, as in x * x, is counted once in one loop and twice in the other. Count
it twice in both."""


def order(root, parents_of):
    users, waiting = {root: 0}, [root]
    while waiting:
        for parent in set(parents_of(waiting.pop())):
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
    return found
