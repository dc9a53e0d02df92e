"""A value pushes once for each path that leads to it, and pushes again what it has pushed before. Go through
order(root, ...): each value pushes once, when its gradient is complete."""


def backward(root):
    root.grad = 1.0

    def walk(value):
        value.push()
        for parent in value.parents:
            walk(parent)

    walk(root)
