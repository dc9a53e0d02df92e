"""These are the chances, divided by their sum: what was believed before is forgotten. Multiply it in."""


def update(beliefs, chance):
    total = sum(chance[cause] for cause in beliefs)
    return {cause: chance[cause] / total for cause in beliefs}
