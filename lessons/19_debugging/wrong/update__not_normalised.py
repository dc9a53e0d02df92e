"""These products do not add up to 1. Divide each by their sum."""


def update(beliefs, chance):
    return {cause: belief * chance[cause] for cause, belief in beliefs.items()}
