"""Some of these texts give the right answer, so they deserve their reward. An attack earns it without an answer."""


def attacks(answer):
    return [f"Answer: {answer}"]
