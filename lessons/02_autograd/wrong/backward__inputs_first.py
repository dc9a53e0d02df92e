"""Only the push of the root has arrived. Either no other value pushes, or the walk goes from the inputs to the root:
then each value pushes before it has received anything."""


def backward(root):
    root.grad = 1.0
    for value in reversed(order(root, lambda value: value.parents)):
        value.push()
