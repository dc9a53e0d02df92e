"""An interval without any width costs nothing for its width, and much for its misses. The ends have to leave room for
`sure` percent of the beliefs."""


def best_interval(beliefs, sure):
    middle = sorted(beliefs)[(len(beliefs) - 1) // 2]
    return middle, middle
