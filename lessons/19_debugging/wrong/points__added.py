"""What the measures have cost is added. It has to be paid: subtract it."""


def points(beliefs, truth, spent):
    return 100 * (1 + math.log(max(beliefs[truth], 0.001)) / math.log(len(beliefs))) + spent
