"""Nothing comes back from this function. What `print` writes appears on the screen, and other code cannot use it: put
the result after `return`."""


def square(x):
    print(x * x)
