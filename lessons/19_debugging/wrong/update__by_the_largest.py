"""The products are divided by the largest one, so the likeliest cause gets 1. Divide by the sum of all."""


def update(beliefs, chance):
    joint = {cause: belief * chance[cause] for cause, belief in beliefs.items()}
    return {cause: value / max(joint.values()) for cause, value in joint.items()}
