"""This is the shortest interval with `sure` percent of the beliefs in it. It may leave out all of one side, and a miss
there is as dear as on the other: leave out as many at each end."""


def best_interval(beliefs, sure):
    ordered = sorted(beliefs)
    size = max(-(-len(ordered) * sure // 100), 1)
    return min(((a, b) for a, b in zip(ordered, ordered[size - 1 :])), key=lambda pair: pair[1] - pair[0])
