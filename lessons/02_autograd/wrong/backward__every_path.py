"""A value pushes once for each path that leads to it, and pushes again what it has pushed before. Go through
order(root, ...): each value pushes once, when its gradient is complete."""


def backward(root):
    root.grad = 1.0
    waiting = [root]
    while waiting:
        value = waiting.pop()
        value.push()
        waiting.extend(value.parents)
