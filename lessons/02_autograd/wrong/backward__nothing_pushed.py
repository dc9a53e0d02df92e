"""root.grad is 1 in the end, and nothing has arrived at the inputs. Is root.grad set before the walk? And is the push
called, with brackets: value.push()?"""


def backward(root):
    root.grad = 1.0
    for value in order(root, lambda value: value.parents):
        value.push  # noqa: B018
